"""What training measures: the values of the table of objectives, computed with torch.

Sums over rows are float64, so that a mean does not depend on how the rows are cut into chunks.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import cast

import torch
from torch import Tensor

from frontier_search.data.dataset import Task
from frontier_search.objective import (
    OBJECTIVES,
    Objective,
    OnSplit,
    RowMean,
    Timed,
    with_derived,
)
from frontier_search.training.rows import Data, StackedRows
from frontier_search.training.scores import Score, class_errors
from frontier_search.training.stack import Model, Stack
from frontier_search.zoo import load

EVALUATION_ROWS = 256  # of one chunk: small enough for its activations to stay in the cache
LATENCY_REPEATS = 50

Forward = Callable[[Tensor], Tensor]  # x (M, d, n) -> outputs (M, o, n)
PerRow = Callable[[Task, Tensor, Tensor], Tensor]  # outputs, targets (M, n) -> values (M, n)
Measure = Callable[[Model, Data], float]


def row_means(
    per_row: Mapping[str, PerRow], task: Task, forward: Forward, rows: Iterable[StackedRows]
) -> dict[str, Tensor]:
    """Returns the mean of each function over the rows of M models, by name, (M,), in float64.

    Where rows have weights it is their weighted mean.
    """
    sums: dict[str, Tensor] = {}
    weight: Tensor | int = 0
    for chunk in rows:
        outputs, own = forward(chunk.x), chunk.weights
        weight = weight + (chunk.y.shape[1] if own is None else own.double().sum(dim=1))
        for name, function in per_row.items():
            values = function(task, outputs, chunk.y)
            values = values if own is None else values * own
            total = values.sum(dim=1, dtype=torch.float64)
            sums[name] = sums[name] + total if name in sums else total
    return {name: total / weight for name, total in sums.items()}


def on_rows(
    task: Task,
    forward: Forward,
    rows: Iterable[StackedRows],
    asked: Iterable[Objective],
    units: Tensor,
) -> list[dict[str, float]]:
    """Returns every objective that is measured on rows, by name, for each of the M models.

    Args:
        rows: of one split.
        asked: the objectives of the search; those that need a whole split are measured only if they
            are listed here.
        units: what a scaled target is multiplied by, in the target's own unit, (M, o).
    """
    scores = {
        objective.name: objective.source.measure
        for objective in asked
        if isinstance(objective.source, OnSplit)
    }
    kept = _Kept(forward, rows)
    if scores:
        forward, rows = kept.forward, kept.rows()
    per_row = {
        objective.name: _function(objective.source.per_row)
        for objective in OBJECTIVES.values()
        if isinstance(objective.source, RowMean) and objective.fits(task)
    }
    found = row_means(per_row, task, forward, rows)
    if scores:
        split = (torch.cat(kept.outputs, dim=2), torch.cat(kept.y, dim=1))
        whole = (task, *split, torch.cat(kept.weights, dim=1), units)
        found |= {name: cast(Score, load(path))(*whole) for name, path in scores.items()}
        if task != "regression":
            errors = class_errors(*whole).unbind(dim=1)
            found |= {f"error_of_{label}": each for label, each in enumerate(errors)}
    values = {name: each.tolist() for name, each in found.items()}
    return [
        with_derived({name: each[i] for name, each in values.items()}, task)
        for i in range(len(values["loss"]))
    ]


class _Kept:
    """Keeps the outputs, targets and weights of all rows of a split while they are measured."""

    def __init__(self, forward: Forward, rows: Iterable[StackedRows]) -> None:
        self._forward, self._rows = forward, rows
        self.outputs: list[Tensor] = []
        self.y: list[Tensor] = []
        self.weights: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.outputs.append(self._forward(x))
        return self.outputs[-1]

    def rows(self) -> Iterator[StackedRows]:
        for chunk in self._rows:
            self.y.append(chunk.y)
            even = torch.ones(chunk.y.shape[:2], device=chunk.y.device)
            self.weights.append(even if chunk.weights is None else chunk.weights)
            yield chunk


@cache
def _function(path: str) -> PerRow:
    return cast(PerRow, load(path))


def timed(objectives: Iterable[Objective], model: Model, data: Data) -> dict[str, float]:
    """Returns the values that are measured once for a candidate, by their key, where asked for.

    Args:
        objectives: of the search.
        model: of the candidate, on any seed.
    """
    values = {}
    for objective in objectives:
        if isinstance(objective.source, Timed):
            measure = cast(Measure, load(objective.source.measure))
            values[objective.key("val")] = measure(model, data)
    return values


@torch.no_grad()
def latency_ms(model: Model, data: Data) -> float:
    """Returns the median milliseconds of one forward pass of one row.

    One untrained model, eager torch, one thread.
    """
    stack = Stack([model], data.dataset.n_features, data.dataset.n_outputs, data.device)
    row = torch.zeros(1, data.dataset.n_features, 1, device=data.device)
    times = []
    for _ in range(LATENCY_REPEATS):
        start = time.perf_counter()
        stack.network.forward(stack.learned, row)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)
