"""Letters that were lost: a byte that does not fit the encoding stands for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.decoding import REPLACED
from frontier_search.table.finding import Found
from frontier_search.table.understanding import Understanding

LISTED = 5  # rows in the sentence
REMEDY = "Correct them in the file, or give its encoding with --encoding"


def find(table: Understanding) -> list[Found]:
    """Finds the columns with such cells or names; they stay in use."""
    if table.raw.placed or table.options.rules < 4:
        return []
    found: list[Found] = []
    for each in table.columns:
        rows = _rows(table, each.name)
        where = [f"row {row + 1}" for row in np.flatnonzero(rows)[:LISTED]]
        where += ["more rows"] * (int(rows.sum()) > LISTED)
        where += ["its name"] * (REPLACED in each.name)
        if where:
            sentence = (
                f"column {each.name!r} holds {REPLACED!r} for letters that could not be read, in "
                f"{', '.join(where)}"
            )
            found.append(((each.name,), rows if rows.any() else None, sentence, REMEDY))
    return found


def _rows(table: Understanding, name: str) -> NDArray[np.bool_]:
    import pandas as pd

    series = table.frame[name]
    if series.dtype.kind in "biufcmM":
        return np.zeros(len(series), dtype=bool)
    codes, values = pd.factorize(series)
    lost = np.array([REPLACED in str(value) for value in values] + [False])
    return np.asarray(lost[codes])
