"""What the codings read of the features of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from frontier_search.table.cells import Numbers
from frontier_search.table.coding import NumberCoding
from frontier_search.table.column import Column

if TYPE_CHECKING:
    import pandas as pd

KEPT = 32 << 20  # bytes of all features


class Values(Mapping[str, Numbers]):
    """What the codings read of each feature, (n_rows,) float64.

    Columns of a large table that hold numbers already are read again at each use: to keep them all
    would take twice as much memory as the table of 32-bit numbers that they come from.

    Args:
        frame: the rows with a target.
        columns: the features.
    """

    def __init__(self, frame: pd.DataFrame, columns: Sequence[Column]) -> None:
        self._frame = frame
        self._codings = {each.name: each.coding(np.zeros(1)) for each in columns}
        large = 8 * len(frame) * len(columns) > KEPT
        self._kept = {
            name: coding.read(frame[name])
            for name, coding in self._codings.items()
            if not (large and isinstance(coding, NumberCoding) and _is_numeric(frame[name]))
        }

    def __getitem__(self, name: str) -> Numbers:
        kept = self._kept.get(name)
        return self._codings[name].read(self._frame[name]) if kept is None else kept

    def __contains__(self, name: object) -> bool:
        return name in self._codings

    def __iter__(self) -> Iterator[str]:
        return iter(self._codings)

    def __len__(self) -> int:
        return len(self._codings)


class Chosen(Mapping[str, Numbers]):
    """Some features, and further numbers.

    Args:
        values: of all features.
        names: of those that are chosen.
        further: numbers by other names.
    """

    def __init__(
        self, values: Mapping[str, Numbers], names: Sequence[str], further: Mapping[str, Numbers]
    ) -> None:
        self._values, self._further = values, further
        self._names = (*names, *(name for name in further if name not in names))

    def __getitem__(self, name: str) -> Numbers:
        if name in self._further:
            return self._further[name]
        if name not in self._names:
            raise KeyError(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _is_numeric(series: pd.Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(series.dtype))
