"""Splits arrays into the three disjoint parts of a dataset.

It decides which rows go where, how columns are scaled, and which dtypes the models see. A split is
first a set of row numbers (``Parts``), so that parts are disjoint by row and not by value: two
equal images are two rows. The sizes of the parts depend only on the data, never on the seed,
because models of several seeds are trained stacked in one tensor.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Rows, Split, Task
from frontier_search.data.pool import Pool, PoolRows, Scaling
from frontier_search.data.unscaled import Columns, Unscaled

RowNumbers = NDArray[np.intp]

BLOCK = 1 << 16  # rows of a pool that are read at a time


class Sizes(NamedTuple):
    """The number of rows in each part."""

    train: int
    val: int
    test: int


class Parts(NamedTuple):
    """The row numbers of each part, pairwise disjoint, each of shape (n_rows_of_the_part,)."""

    train: RowNumbers
    val: RowNumbers
    test: RowNumbers


def sixty_twenty_twenty(n_rows: int) -> Sizes:
    """Returns 60 % train, 20 % validation and 20 % test.

    From three rows on, each part has at least one row.
    """
    fifth = max(1, round(n_rows / 5))
    return Sizes(n_rows - 2 * fifth, fifth, fifth)


def in_order(sizes: Sizes) -> Parts:
    """Returns consecutive row numbers: train, then validation, then test.

    For a fresh sample, whose rows are in random order already. To shuffle such a sample with a
    generator of the same seed would be wrong: the permutation would be a function of the same
    random bits that made the features, so whether a row is a training row would depend on its
    value.
    """
    first, second = sizes.train, sizes.train + sizes.val
    numbers = np.arange(sum(sizes))
    return Parts(numbers[:first], numbers[first:second], numbers[second:])


def at_random(n_rows: int, sizes: Sizes, seed: int) -> Parts:
    """Draws ``sizes`` of the rows 0 .. n_rows - 1 without replacement.

    Rows beyond ``sum(sizes)`` are not used.
    """
    drawn = np.random.default_rng(seed).permutation(n_rows)
    return Parts(*(drawn[part] for part in in_order(sizes)))


def stratified(classes: NDArray[np.int64], seed: int) -> Parts:
    """Splits every class 60/20/20, in random order.

    Args:
        classes: class numbers, shape (n_rows,). Each class has at least three rows, so that each
            part has one.
        seed: decides which rows of a class go where. Their number is the same for every seed.
    """
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(np.flatnonzero(classes == label)) for label in np.unique(classes)]
    cut = [[rows[part] for part in in_order(sixty_twenty_twenty(len(rows)))] for rows in shuffled]
    return Parts(*(rng.permutation(np.concatenate(pieces)) for pieces in zip(*cut, strict=True)))


def standardised(values: NDArray[Any], train: RowNumbers) -> NDArray[np.float64]:
    """Scales every column so that its training rows have mean 0 and standard deviation 1.

    Args:
        values: shape (n_rows,) or (n_rows, n_columns).
        train: the row numbers that decide mean and deviation, because validation and test rows must
            not leak into them.

    Returns:
        float64, the shape of ``values``. A column that is constant on the training rows is shifted
        and not scaled.
    """
    return columns(values, train).scaled


def columns(values: NDArray[Any], train: RowNumbers) -> Columns:
    """Returns columns with their scales, see ``standardised``."""
    values = np.asarray(values, dtype=np.float64)
    seen = values[train]
    # The computed mean of a constant such as 0.1 is off by one rounding. Its computed deviation is
    # then tiny and not 0, so the values are compared instead.
    constant = seen.max(axis=0) == seen.min(axis=0)
    return Columns(values, seen.mean(axis=0), np.where(constant, 1.0, seen.std(axis=0)))


def split_rows(
    x: NDArray[Any] | Columns, y: NDArray[Any] | Columns, parts: Parts, task: Task
) -> Split:
    """Returns the three parts in the dtypes of ``Rows``.

    Args:
        x: shape (n_rows, n_features), scaled already, or as columns that know their scales.
        y: shape (n_rows,): target, 0 or 1, or class number.
        parts: which rows go where.
        task: decides the dtype of y.

    Returns:
        A split that keeps its raw rows, if x is given as columns.
    """
    unscaled = None
    if isinstance(x, Columns):
        target = y if isinstance(y, Columns) else Columns.of(y)
        unscaled = Unscaled(x, target, parts._asdict())
        x = x.scaled
    y = y.scaled if isinstance(y, Columns) else y

    def rows(numbers: RowNumbers) -> Rows:
        target = y[numbers]
        return Rows(
            np.ascontiguousarray(x[numbers], dtype=np.float32),
            target.astype(np.int64) if task == "multiclass" else target.astype(np.float32),
        )

    return Split(*(rows(numbers) for numbers in parts), unscaled=unscaled)


def split_table(
    x: NDArray[Any] | Columns, y: NDArray[Any], task: Task, seed: int, scaled: bool = False
) -> Split:
    """Splits all rows of a table 60/20/20: within each class, or at random for a regression.

    The training rows standardise the features, and the target of a regression.

    Args:
        x: shape (n_rows, n_features). Columns that know their scales keep them.
        y: shape (n_rows,): target or class number.
        task: decides how rows are drawn, and the dtype of y.
        seed: decides which rows go where.
        scaled: whether the features are left as they are, e.g. pixels in [0, 1].
    """
    if task == "regression":
        parts = at_random(len(y), sixty_twenty_twenty(len(y)), seed)
        target: NDArray[Any] | Columns = columns(y, parts.train)
    else:
        parts, target = stratified(y, seed), y
    if not isinstance(x, Columns):
        x = Columns.of(x) if scaled else columns(x, parts.train)
    return split_rows(x, target, parts, task)


def split_pool(pool: Pool, task: Task, seed: int, scaled: bool = False) -> Split:
    """Splits a large table as ``split_table`` does, without a copy of its rows.

    The training rows standardise the features in float32, and the target of a regression. A missing
    feature (NaN) becomes the column's mean. Columns should be near zero already, e.g. standardised
    by all rows, because float32 keeps seven digits.

    Args:
        pool: the table, the same object for every seed.
        task: decides how rows are drawn.
        seed: decides which rows go where.
        scaled: whether the features are left as they are, e.g. pixels in [0, 1].
    """
    y_scaling = None
    if task == "regression":
        parts = at_random(len(pool.y), sixty_twenty_twenty(len(pool.y)), seed)
        y_scaling = standardising(pool.y, parts.train)
    else:
        parts = stratified(pool.y.astype(np.int64, copy=False), seed)
    x_scaling = None if scaled else standardising(pool.x, parts.train)
    return Split(*(PoolRows(pool, part.astype(np.int32), x_scaling, y_scaling) for part in parts))


def standardising(values: NDArray[Any], train: RowNumbers) -> Scaling:
    """Returns the scaling after which every column's training rows have mean 0 and deviation 1.

    A column that is constant on the training rows is shifted and not scaled. Missing values (NaN)
    do not count, and become the mean.

    Args:
        values: shape (n_rows,) or (n_rows, n_columns), possibly a memory-mapped file.
        train: the row numbers that decide mean and deviation.
    """
    rows = np.sort(train)
    blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    columns = values.shape[1:]
    count, total, squares = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    for block in blocks:
        seen = values[block].astype(np.float64)
        count += (~np.isnan(seen)).sum(axis=0)
        total += np.nansum(seen, axis=0)
        low, high = np.fmin(low, np.fmin.reduce(seen)), np.fmax(high, np.fmax.reduce(seen))
    mean = total / np.maximum(count, 1)
    for block in blocks:
        squares += np.nansum((values[block].astype(np.float64) - mean) ** 2, axis=0)
    deviation = np.sqrt(squares / np.maximum(count, 1))
    shift = np.asarray(mean, dtype=np.float32)
    unscaled = (low >= high) | (deviation == 0)
    factor = np.asarray(1 / np.where(unscaled, 1.0, deviation), dtype=np.float32)
    return Scaling(shift, factor, None if (count == len(rows)).all() else shift)
