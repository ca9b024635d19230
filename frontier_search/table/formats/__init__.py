"""The table of formats, one a file: each reads the bytes of a file as a ``RawTable``.

A member is a function of the bytes, the source's name in messages, and ``TableOptions``. The end of
a file's name is its name here.
"""

from __future__ import annotations

from collections.abc import Callable

from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable
from frontier_search.zoo import Zoo

Reader = Callable[[bytes, str, TableOptions], RawTable]

_HERE = "frontier_search.table.formats"

FORMATS: Zoo[Reader] = Zoo(
    "format",
    {
        ".csv": f"{_HERE}.text:read",
        ".tsv": f"{_HERE}.text:read",
        ".txt": f"{_HERE}.text:read",
        ".tab": f"{_HERE}.text:read",
        ".dat": f"{_HERE}.text:read",
        ".data": f"{_HERE}.text:read",
        ".json": f"{_HERE}.json:read",
        ".jsonl": f"{_HERE}.json:read",
        ".ndjson": f"{_HERE}.json:read",
        ".parquet": f"{_HERE}.parquet:read",
        ".pq": f"{_HERE}.parquet:read",
        ".feather": f"{_HERE}.feather:read",
        ".arrow": f"{_HERE}.feather:read",
        ".arff": f"{_HERE}.arff:read",
        ".xlsx": f"{_HERE}.excel:read",
        ".xlsm": f"{_HERE}.excel:read",
        ".npz": f"{_HERE}.npz:read",
        ".npy": f"{_HERE}.npy:read",
    },
)
