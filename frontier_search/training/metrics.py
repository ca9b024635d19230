"""What training measures: the values of the table of objectives, computed with torch.

Sums over rows are float64, so that a mean does not depend on how the rows are cut into chunks.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import cast

import torch
from torch import Tensor

from frontier_search.data.dataset import Task
from frontier_search.objective import OBJECTIVES, Objective, RowMean, Timed, with_derived
from frontier_search.training.rows import Data, StackedRows
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
    """Returns the mean of each function over the rows of M models, by name, (M,), in float64."""
    sums: dict[str, Tensor] = {}
    n_rows = 0
    for chunk in rows:
        outputs = forward(chunk.x)
        n_rows += chunk.y.shape[1]
        for name, function in per_row.items():
            total = function(task, outputs, chunk.y).sum(dim=1, dtype=torch.float64)
            sums[name] = sums[name] + total if name in sums else total
    return {name: total / n_rows for name, total in sums.items()}


def on_rows(task: Task, forward: Forward, rows: Iterable[StackedRows]) -> list[dict[str, float]]:
    """Returns every objective that is measured on rows, by name, for each of the M models."""
    per_row = {
        objective.name: _function(objective.source.per_row)
        for objective in OBJECTIVES.values()
        if isinstance(objective.source, RowMean) and objective.fits(task)
    }
    means = {name: mean.tolist() for name, mean in row_means(per_row, task, forward, rows).items()}
    return [
        with_derived({name: values[i] for name, values in means.items()}, task)
        for i in range(len(means["loss"]))
    ]


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
