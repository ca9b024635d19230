"""Rows that several splits share: one table, and the numbers of the rows that each part takes.

Splits of one table differ in which rows they take and in how the training rows scale the columns.
So the table is kept once, possibly as a memory-mapped file, and a split is row numbers and two
numbers a column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Scaling:
    """Scales columns: (value - shift) * factor, in float32.

    Attributes:
        shift: float32, shape (n_columns,), or () for a target.
        factor: float32, the shape of ``shift``.
        fill: float32, the shape of ``shift``: what a missing value (NaN) is taken for before it is
            scaled. None where no value is missing.
    """

    shift: Numbers
    factor: Numbers
    fill: Numbers | None = None

    def of(self, values: Numbers) -> Numbers:
        """Returns the scaled values, the shape of ``values``, of which a row is the last axis."""
        if self.fill is not None:
            values = np.where(np.isnan(values), self.fill, values)
        scaled: Numbers = (values - self.shift) * self.factor
        return scaled

    def of_seed(self, position: int) -> Scaling:
        """Returns the scaling of one seed, of those of all seeds (n_seeds, ...)."""
        fill = None if self.fill is None else self.fill[position]
        return Scaling(self.shift[position], self.factor[position], fill)


@dataclass(frozen=True, eq=False)
class Pool:
    """A table from which splits take rows.

    Attributes:
        x: float32, shape (n_rows, n_features), row by row. It may be a memory-mapped file.
        y: shape (n_rows,), or (n_rows, n_targets), in the dtypes of ``Rows``.
        weights: float32, shape (n_rows,), of each row in the loss and in every metric; None where
            all weigh the same.
    """

    x: Numbers
    y: NDArray[np.float32] | NDArray[np.int64]
    weights: Numbers | None = None


@dataclass(frozen=True)
class PoolRows:
    """The rows of one part of a split, taken from a pool. Reading ``x`` or ``y`` copies them.

    Attributes:
        pool: the table.
        numbers: int32, shape (n_rows_of_the_part,), of rows of the pool.
        x_scaling: of the features, by the training rows; None leaves them as they are.
        y_scaling: of a regression's target; None leaves it as it is.
    """

    pool: Pool
    numbers: NDArray[np.int32]
    x_scaling: Scaling | None = None
    y_scaling: Scaling | None = None

    @property
    def x(self) -> Numbers:
        """float32, shape (n_rows_of_the_part, n_features), as the models see them."""
        x = self.pool.x[self.numbers]
        return x if self.x_scaling is None else self.x_scaling.of(x)

    @property
    def y(self) -> NDArray[np.float32] | NDArray[np.int64]:
        """The targets or classes, shape (n_rows_of_the_part,)."""
        y = self.pool.y[self.numbers]
        return y if self.y_scaling is None else self.y_scaling.of(y.astype(np.float32, copy=False))

    @property
    def weights(self) -> Numbers | None:
        """float32, shape (n_rows_of_the_part,); None where all rows weigh the same."""
        return None if self.pool.weights is None else self.pool.weights[self.numbers]

    def __len__(self) -> int:
        return len(self.numbers)
