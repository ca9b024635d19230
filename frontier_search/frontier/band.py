"""The band of a frontier: where its staircase lies when the seeds are drawn again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.membership import fresh_means

LEVEL = 0.90
FEWEST_SEEDS = 3  # below, Student's t has tails so long that a band says nothing


@dataclass(frozen=True)
class Band:
    """The central part of redrawn staircases.

    Attributes:
        sizes: rising, (k,): where a staircase may have a step.
        low, high: (k,) quantiles of the best loss that models of at most this size reach.
    """

    sizes: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def band(
    losses: NDArray[np.float64], sizes: NDArray[np.float64], level: float = LEVEL
) -> Band | None:
    """Returns the band in which a staircase on as many fresh seeds lies, size by size.

    It takes the draws that the chances of membership are found with (``membership``).

    Args:
        losses: minimised, (n, S).
        sizes: of the models, minimised, (n,).
        level: share of the draws inside, at each size.

    Returns:
        the band; None with fewer than ``FEWEST_SEEDS`` seeds, or where no loss varies.
    """
    if losses.shape[1] < FEWEST_SEEDS or not np.ptp(losses, axis=1).any():
        return None
    draws = fresh_means(losses, sizes, losses.shape[1])  # (B, n)
    order = np.argsort(sizes, kind="stable")
    reached = np.minimum.accumulate(draws[:, order], axis=1)
    values, first = np.unique(sizes[order][::-1], return_index=True)
    last = len(sizes) - 1 - first  # the last candidate of each size
    low, high = np.quantile(reached[:, last], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Band(values, low, high)
