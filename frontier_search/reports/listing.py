"""Rows of plain data as a table for people, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH = 140  # of a table that goes to a pipe or a file


def render(rows: Sequence[Mapping[str, Any]], form: str) -> str:
    """The rows, which share their keys, in one of the three forms."""
    if form == "json":
        return json.dumps(list(rows), indent=2)
    if form == "csv":
        return to_csv(rows)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for key in rows[0] if rows else ():
        table.add_column(str(key))
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return to_text(table)


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """CSV whose header is the union of the keys, in the order in which they first appear; a missing or None value is empty."""
    buffer = io.StringIO()
    keys = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(buffer, keys, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().rstrip("\n")


def to_text(renderable: Any) -> str:
    """What rich draws, as text, as wide as the terminal."""
    console = Console(file=io.StringIO(), width=None if Console().is_terminal else WIDTH)
    console.print(renderable)
    return str(console.file.getvalue()).rstrip("\n")  # type: ignore[attr-defined]
