"""Outcomes of earlier searches, from which a new one learns before its own trials end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.trial import Candidate

AGREES = 0.3  # rank correlation with a search's own trials below which earlier outcomes mislead


@dataclass(frozen=True)
class Earlier:
    """Outcomes that were measured before a search began. They inform its model and nothing else.

    Attributes:
        candidates: all within the spaces of the new search.
        losses: of each, minimised.
        by_rank: whether only their order counts, because they are of another data set.
    """

    candidates: Sequence[Candidate]
    losses: Sequence[float]
    by_rank: bool


def best_and_spread(values: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Returns at most so many positions: half are the smallest values, the others spread."""
    if len(values) <= most:
        return np.arange(len(values))
    order, half = np.argsort(values, kind="stable"), most // 2
    rest = np.linspace(0, len(values) - half - 1, most - half).astype(np.int64)
    return np.sort(np.concatenate([order[:half], order[half:][rest]]))
