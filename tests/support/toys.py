"""Tiny datasets and searches for tests that train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from frontier_search import (
    Dataset,
    Pool,
    Rows,
    Search,
    Split,
    Task,
    TrainingBudget,
    split_pool,
)


def dataset(
    task: Task = "multiclass",
    n_features: int = 3,
    n_rows: int = 40,
    n_classes: int = 3,
    side: int | None = None,
) -> Dataset:
    """Random rows; a seed decides them. With a side, they are images of side x side pixels, and
    sequences of side steps.
    """
    n_features = side * side if side else n_features

    def part(rng: np.random.Generator) -> Rows:
        x = rng.standard_normal((n_rows, n_features)).astype(np.float32)
        if task == "regression":
            return Rows(x, np.sin(x.sum(axis=1)).astype(np.float32))
        if task == "binary":
            return Rows(x, (x.sum(axis=1) > 0).astype(np.float32))
        return Rows(x, (np.abs(x).argmax(axis=1) % n_classes).astype(np.int64))

    def split(seed: int) -> Split:
        rng = np.random.default_rng(seed)
        return Split(part(rng), part(rng), part(rng))

    n_outputs = n_classes if task == "multiclass" else 1
    image = (1, side, side) if side else None
    return Dataset(
        "toy",
        task,
        n_features,
        n_outputs,
        "nats",
        "tests",
        TrainingBudget(4, 16),
        split,
        image,
        learning_rate=(1e-3, 1e-1),
        sequence=(side, side) if side else None,
    )


def pooled(task: Task, n_rows: int = 100, n_features: int = 3, n_classes: int = 3) -> Pool:
    """A table that splits of several seeds share."""
    rng = np.random.default_rng(n_rows)
    x = rng.normal(0.5, 2.0, (n_rows, n_features)).astype(np.float32)
    if task == "regression":
        return Pool(x, (3 * np.sin(x.sum(axis=1)) + 5).astype(np.float32))
    if task == "binary":
        return Pool(x, (x.sum(axis=1) > 1).astype(np.float32))
    return Pool(x, (np.abs(x[:, 0] * 10).astype(np.int64) % n_classes))


def shared(task: Task, n_rows: int = 100, n_features: int = 3, n_classes: int = 3) -> Dataset:
    """A dataset whose splits take their rows from one pool; some features are missing."""
    pool = pooled(task, n_rows, n_features, n_classes)
    pool.x[::7, -1] = np.nan
    return replace(
        dataset(task, n_features, n_classes=n_classes),
        split=lambda seed: split_pool(pool, task, seed),
    )


def changed(dataset: Dataset, change: Callable[[Any], Rows], **fields: int) -> Dataset:
    """A dataset whose parts are changed."""

    def split(seed: int) -> Split:
        own = dataset.split(seed)
        return Split(change(own.train), change(own.val), change(own.test))

    return replace(dataset, split=split, **fields)


def weighted(dataset: Dataset) -> Dataset:
    """Its rows weigh between 0 and 5; the first one of each part always weighs something."""

    def weigh(rows: Any) -> Rows:
        weights = np.float32(5) * np.abs(np.cos(np.arange(len(rows), dtype=np.float32)))
        weights[1::7] = 0
        return Rows(rows.x, rows.y, weights)

    return changed(dataset, weigh)


def several(dataset: Dataset, n_targets: int) -> Dataset:
    """A regression to several targets."""

    def targets(rows: Any) -> Rows:
        y = [np.cos(i * rows.x.sum(axis=1)) * rows.y for i in range(n_targets)]
        return Rows(rows.x, np.stack(y, axis=1).astype(np.float32))

    return changed(dataset, targets, n_outputs=n_targets)


MULTICLASS = dataset()
REGRESSION = dataset("regression")
IMAGES = dataset(side=8)
SEQUENCES = dataset(side=3)  # 9 numbers: a recurrent network over 64 steps takes long to export

SPEC: dict[str, Any] = {
    "name": "toy-1",
    "dataset": "tests.support.toys:MULTICLASS",
    "families": {
        "dense": {"hidden": {"choice": [2, 4]}},
        "kronecker": {"hidden": {"choice": [2, 4]}},
    },
    "trials": 12,
    "seeds": 2,
    "epochs": 2,
    "cohort": 4,
    "in_flight": 2,
    "sampler": "random",
}


def search(**changes: Any) -> Search:
    """A search that takes a second."""
    return Search.from_spec(SPEC | changes)
