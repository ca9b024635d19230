"""The loss of the best constant prediction, from which gains are counted.

It is what a model without any parameter achieves.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import AnyRows, Dataset, Split


def constant_losses(dataset: Dataset, seeds: Iterable[int]) -> NDArray[np.float64]:
    """Returns the test loss of the constant prediction on each seed, (S,).

    The prediction is the mean of the training targets (regression, in squared target units) or the
    frequencies of the classes among them (in nats).
    """
    return np.array([_loss(dataset, dataset.split(seed)) for seed in seeds], dtype=np.float64)


def _loss(dataset: Dataset, split: Split) -> float:
    if dataset.task == "regression":
        mean = np.average(split.train.y, axis=0, weights=split.train.weights)
        squares = ((split.test.y - mean) ** 2).reshape(len(split.test), -1).mean(axis=1)
        return float(np.average(squares, weights=split.test.weights))
    classes = 2 if dataset.task == "binary" else dataset.n_outputs
    counts = _counts(split.test, classes)
    return float(-(counts / counts.sum() * np.log(frequencies(split.train, classes))).sum())


def frequencies(rows: AnyRows, classes: int) -> NDArray[np.float64]:
    """Returns the share of each class by Laplace's rule: no class has probability 0."""
    counts = _counts(rows, classes)
    one = counts.sum() / len(rows)  # a row's mean weight
    return np.asarray((counts + one) / (counts.sum() + classes * one))


def _counts(rows: AnyRows, classes: int) -> NDArray[np.float64]:
    """Returns the rows of each class, or their weights, (classes,)."""
    return np.bincount(rows.y.astype(np.int64), rows.weights, classes).astype(np.float64)
