"""Feather, which is Arrow's file format."""

from __future__ import annotations

import io

from frontier_search.errors import SpecError
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_frame


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads a .feather or .arrow file; raises SpecError if it is none."""
    import pyarrow as pa
    from pyarrow import feather

    try:
        frame = feather.read_table(io.BytesIO(data)).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        raise SpecError(f"cannot read {source} as Feather: {error}.") from error
    return RawTable(checked_frame(frame, source), Written("feather"), source=source)
