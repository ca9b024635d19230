"""JSON: a list of rows, or columns by name; or one row a line (.jsonl)."""

from __future__ import annotations

import json
from typing import Any

from frontier_search.errors import SpecError
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_frame

SHAPES = 'a list of rows ([{"a": 1, "y": 0}, ...]) or columns by name ({"a": [1, ...], ...})'


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads a .json or .jsonl file; raises SpecError if it holds no table."""
    import pandas as pd

    try:
        text = data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
        held = _held(text)
    except (UnicodeDecodeError, ValueError) as error:
        raise SpecError(f"cannot read {source} as JSON: {error}. It holds {SHAPES}.") from error
    rows = _rows(held)
    if rows is None:
        raise SpecError(f"{source} holds no table; needed is {SHAPES}.")
    return RawTable(checked_frame(pd.DataFrame(rows), source), Written("json"), source=source)


def _held(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line) for line in lines]


def _rows(held: Any) -> Any:
    """Returns what makes a frame, or None."""
    if isinstance(held, dict):
        lists = [each for each in held.values() if isinstance(each, list)]
        if len(lists) == 1 and lists[0] and isinstance(lists[0][0], dict) and "schema" not in held:
            held = lists[0]  # {"meta": {...}, "rows": [...]}
    if isinstance(held, list) and held and all(isinstance(row, dict) for row in held):
        return held
    if isinstance(held, dict) and {"schema", "data"} <= set(held):  # pandas' table
        key = held["schema"].get("primaryKey", [])
        return [{k: v for k, v in row.items() if k not in key} for row in held["data"]]
    if isinstance(held, dict) and {"columns", "data"} <= set(held):  # pandas' split
        return [dict(zip(held["columns"], row, strict=True)) for row in held["data"]]
    columns = held if isinstance(held, dict) else {}
    if columns and all(isinstance(each, list) for each in columns.values()):
        return columns if len({len(each) for each in columns.values()}) == 1 else None
    if columns and all(isinstance(each, dict) for each in columns.values()):
        inner = next(iter(columns.values()))
        if all(map(str.isdigit, columns)) and not all(map(str.isdigit, inner)):
            return list(columns.values())  # pandas' index: {"0": {"a": 1, ...}, ...}
        return columns  # pandas' default: {"a": {"0": 1, ...}}
    return None
