"""Measures trained models again in the number format of their candidate.

What counts is the model as it will be executed: the integer reference of ``export.integer``, which
the exported C equals bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from frontier_search.export.emitters import plan
from frontier_search.export.numbers import in_format
from frontier_search.export.scalars import Scalars
from frontier_search.models.family import Architecture
from frontier_search.objective import Objective
from frontier_search.training import metrics
from frontier_search.training.fitting import all_rows, given
from frontier_search.training.rows import Data, StackedRows
from frontier_search.trial import SPLITS, SeedOutcome


class Remeasured:
    """Measures the trained models of a cohort in a number format.

    Args:
        data: the rows of all seeds.
        objectives: of the search.
    """

    def __init__(self, data: Data, objectives: Sequence[Objective]) -> None:
        self._data, self._objectives = data, objectives
        self._parts: dict[str, StackedRows] = {}

    def of(
        self,
        architecture: Architecture,
        numbers: str,
        seeds: Sequence[SeedOutcome],
        weights: NDArray[np.float32],
    ) -> list[SeedOutcome]:
        """Returns the outcomes of a candidate, with what its models measure in the format.

        Args:
            numbers: the format.
            seeds: what the trained networks measured.
            weights: their learned scalars, (n_seeds, P).

        Raises:
            SpecError: the architecture has no form in the format.
        """
        self._parts = self._parts or {part: all_rows(self._data, part) for part in SPLITS}
        return [
            replace(each, metrics={**each.metrics, **self._metrics(architecture, numbers, i, row)})
            for i, (each, row) in enumerate(zip(seeds, weights, strict=True))
        ]

    def _metrics(
        self, architecture: Architecture, numbers: str, i: int, weights: NDArray[np.float32]
    ) -> dict[str, float]:
        """Returns what one seed's model measures; nothing new if it has diverged."""
        if not np.isfinite(weights).all():
            return {}
        dataset, seed = self._data.dataset, self._data.seeds[i]
        units = self._data.units().cpu()[i : i + 1]
        made = plan(architecture, Scalars(weights), seed, dataset.n_features, dataset.n_outputs)
        final = in_format(made, self._parts["train"].x[i].T.numpy(), numbers)
        found: dict[str, float] = {}
        for part, rows in self._parts.items():
            weighed = None if rows.weights is None else rows.weights[i : i + 1]
            own = StackedRows(rows.x[i : i + 1], rows.y[i : i + 1], weighed)
            outputs = torch.from_numpy(final.run(own.x[0].T.numpy())).T[None]
            forward = partial(given, outputs)
            (values,) = metrics.on_rows(dataset.task, forward, [own], self._objectives, units)
            found |= {f"{part}_{name}": value for name, value in values.items()}
        return found
