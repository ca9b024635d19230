"""Rows as they were before they were scaled, and the scales.

A split of a dataset of this package keeps them, so that what is exported takes raw rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Columns:
    """Numbers that are scaled: (values - centre) / scale.

    Attributes:
        values: (n_rows,) or (n_rows, n_columns).
        centre, scale: () or (n_columns,).
    """

    values: NDArray[Any]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]

    @property
    def scaled(self) -> NDArray[np.float64]:
        """float64, the shape of ``values``."""
        return np.asarray((self.values - self.centre) / self.scale)

    @staticmethod
    def of(values: NDArray[Any], centre: float = 0.0, scale: float = 1.0) -> Columns:
        """Returns columns that share a scale; by default they are left as they are."""
        shape = values.shape[1:]
        return Columns(values, np.full(shape, centre), np.full(shape, scale))


@dataclass(frozen=True)
class Unscaled:
    """The raw rows of a split.

    Attributes:
        x: the features.
        y: the target of a regression; class numbers are not scaled.
        parts: name of a part -> its row numbers.
    """

    x: Columns
    y: Columns
    parts: dict[str, NDArray[np.intp]]
