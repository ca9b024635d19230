"""ARFF, the format of Weka. It says which levels a category has."""

from __future__ import annotations

import io
from typing import Any

from frontier_search.errors import SpecError
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_frame


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads an .arff file; raises SpecError if it is none."""
    import pandas as pd
    from scipy.io import arff

    try:
        rows, _ = arff.loadarff(io.StringIO(data.decode("utf-8", "replace")))
    except (arff.ArffError, NotImplementedError, ValueError, StopIteration) as error:
        raise SpecError(f"cannot read {source} as ARFF: {error}.") from error
    columns: dict[str, Any] = {name: rows[name] for name in rows.dtype.names}
    frame = pd.DataFrame(
        {
            name: [cell.decode("utf-8", "replace") for cell in cells]
            if cells.dtype.kind == "S"
            else cells
            for name, cells in columns.items()
        }
    )
    return RawTable(checked_frame(frame, source), Written("arff"), source=source)
