"""Apache Parquet."""

from __future__ import annotations

import io

from frontier_search.errors import SpecError
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_frame


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads a .parquet file; raises SpecError if it is none."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        frame = parquet.read_table(io.BytesIO(data)).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        raise SpecError(f"cannot read {source} as Parquet: {error}.") from error
    return RawTable(checked_frame(frame, source), Written("parquet"), source=source)
