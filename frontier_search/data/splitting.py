"""From arrays to the three disjoint parts of a dataset: which rows go where, how columns are scaled, and the dtypes the models see.

A split is first a set of row numbers (``Parts``), so that disjointness is by row and not by value: two equal images are two rows. The
three sizes depend on the data only, never on the seed, because models of several seeds are trained stacked in one tensor.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Rows, Split, Task

RowNumbers = NDArray[np.intp]


class Sizes(NamedTuple):
    """Rows in each part."""

    train: int
    val: int
    test: int


class Parts(NamedTuple):
    """The row numbers of each part, pairwise disjoint, each of shape (n_rows_of_the_part,)."""

    train: RowNumbers
    val: RowNumbers
    test: RowNumbers


def sixty_twenty_twenty(n_rows: int) -> Sizes:
    """60 % train, 20 % validation, 20 % test, with at least one row in each from three rows on."""
    fifth = max(1, round(n_rows / 5))
    return Sizes(n_rows - 2 * fifth, fifth, fifth)


def in_order(sizes: Sizes) -> Parts:
    """The first rows, the next and the last: for a fresh sample, whose rows come in random order already.

    Shuffling such a sample with a generator of the same seed would be worse than useless: the permutation would be a function of the very
    bits that made the features, and which row is a training row would depend on its value.
    """
    first, second = sizes.train, sizes.train + sizes.val
    numbers = np.arange(sum(sizes))
    return Parts(numbers[:first], numbers[first:second], numbers[second:])


def at_random(n_rows: int, sizes: Sizes, seed: int) -> Parts:
    """``sizes`` of the rows 0 .. n_rows - 1, drawn without replacement; rows beyond ``sum(sizes)`` are left out."""
    drawn = np.random.default_rng(seed).permutation(n_rows)
    return Parts(*(drawn[part] for part in in_order(sizes)))


def stratified(classes: NDArray[np.int64], seed: int) -> Parts:
    """60/20/20 of every class, in random order.

    Args:
        classes: class numbers, shape (n_rows,), with at least three rows of each class, so that each part has one.
        seed: decides which rows of a class go where; how many is the same for every seed.
    """
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(np.flatnonzero(classes == label)) for label in np.unique(classes)]
    cut = [[rows[part] for part in in_order(sixty_twenty_twenty(len(rows)))] for rows in shuffled]
    return Parts(*(rng.permutation(np.concatenate(pieces)) for pieces in zip(*cut, strict=True)))


def standardised(values: NDArray[Any], train: RowNumbers) -> NDArray[np.float64]:
    """All rows, shifted and scaled so that the training rows have mean 0 and standard deviation 1, column by column.

    Args:
        values: shape (n_rows,) or (n_rows, n_columns).
        train: the row numbers that decide mean and deviation: validation and test rows must not leak into them.

    Returns:
        float64, the shape of ``values``. A column that is constant on the training rows is shifted and not scaled.
    """
    values = np.asarray(values, dtype=np.float64)
    seen = values[train]
    # The mean of a constant such as 0.1 is off by one rounding, so its computed deviation is tiny and not 0: compare the values instead.
    constant = seen.max(axis=0) == seen.min(axis=0)
    return np.asarray((values - seen.mean(axis=0)) / np.where(constant, 1.0, seen.std(axis=0)))


def split_rows(x: NDArray[Any], y: NDArray[Any], parts: Parts, task: Task) -> Split:
    """The three parts in the dtypes of ``Rows``.

    Args:
        x: shape (n_rows, n_features), scaled already.
        y: shape (n_rows,): target, 0 or 1, or class number.
        parts: which rows go where.
        task: decides the dtype of y.
    """

    def rows(numbers: RowNumbers) -> Rows:
        target = y[numbers]
        return Rows(
            np.ascontiguousarray(x[numbers], dtype=np.float32),
            target.astype(np.int64) if task == "multiclass" else target.astype(np.float32),
        )

    return Split(*(rows(numbers) for numbers in parts))
