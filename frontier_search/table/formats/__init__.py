"""The table of formats, one a file: each reads the bytes of a file as a ``RawTable``.

A member is a function of the bytes, the source's name in messages, and ``TableOptions``.
"""

from __future__ import annotations

from collections.abc import Callable

from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable
from frontier_search.zoo import Zoo

Reader = Callable[[bytes, str, TableOptions], RawTable]

SUFFIXES = {  # the end of a file's name -> its format
    ".csv": "text", ".tsv": "text", ".txt": "text", ".tab": "text", ".dat": "text",
    ".data": "text", ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".parquet": "parquet", ".pq": "parquet", ".feather": "feather", ".arrow": "feather",
    ".arff": "arff", ".xlsx": "excel", ".xlsm": "excel", ".npz": "npz", ".npy": "npy",
}  # fmt: skip

FORMATS: Zoo[Reader] = Zoo(
    "format",
    {
        name: f"frontier_search.table.formats.{name}:read"
        for name in dict.fromkeys(SUFFIXES.values())
    },
)
