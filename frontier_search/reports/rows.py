"""Rows of plain data as a table for people, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

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


def width() -> int:
    """Columns of the terminal, or of what goes to a pipe or a file."""
    console = Console()
    return console.width if console.is_terminal else WIDTH


def least(renderable: Any) -> int:
    """The columns below which rich would cut words of it."""
    console = Console(file=io.StringIO(), width=10 * WIDTH)
    return Measurement.get(console, console.options, renderable).minimum


def to_text(renderable: Any) -> str:
    """What rich draws, as text, as wide as the terminal; wider where a word would be cut."""
    console = Console(file=io.StringIO(), width=max(width(), least(renderable)))
    console.print(renderable)
    return "\n".join(line.rstrip() for line in str(console.file.getvalue()).splitlines())  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        cells: one a row.
        number: aligned to the right.
        wraps: whether its words may stand on several lines.
        spare: whether it is left out, the last such column first, where the terminal is too narrow for all.
    """

    title: str
    cells: Sequence[str | Text]
    number: bool = True
    wraps: bool = False
    spare: bool = False


def fitting(columns: Sequence[Column]) -> tuple[Table, list[str]]:
    """The table of the columns for which the terminal is wide enough, and the titles of those that were left out."""
    left_out: list[str] = []
    while True:
        table = Table(box=None, pad_edge=False, header_style="bold")
        shown = [column for column in columns if column.title not in left_out]
        for column in shown:
            longest = max(len(str(text)) for text in (column.title, *column.cells))
            table.add_column(
                column.title,
                justify="right" if column.number else "left",
                min_width=None if column.wraps else longest,
            )
        for row in zip(*(column.cells for column in shown), strict=True):
            table.add_row(*row)
        spare = [column.title for column in shown if column.spare]
        if not spare or least(table) <= width():
            return table, left_out
        left_out.insert(0, spare[-1])
