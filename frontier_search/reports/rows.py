"""Rows of plain data as a table for people, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

WIDTH = 140  # in characters, of a table that is written to a pipe or a file


def render(rows: Sequence[Mapping[str, Any]], form: str) -> str:
    """Returns rows that share their keys as ``table``, ``json`` or ``csv``.

    A table has no column in which every value is None.
    """
    if form == "json":
        return json.dumps(list(rows), indent=2)
    if form == "csv":
        return to_csv(rows)
    table = Table(box=None, pad_edge=False, header_style="bold")
    keys = [key for key in rows[0] if any(row[key] is not None for row in rows)] if rows else []
    for key in keys:
        words = " ".join([str(key), *(_cell(row[key]) for row in rows)]).split()
        # rich narrows the widest columns first, and would cut their words before it wraps others
        table.add_column(str(key), min_width=max(map(len, words)))
    for row in rows:
        table.add_row(*(_cell(row[key]) for key in keys))
    return to_text(table)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns the rows as CSV.

    The header is the union of the keys, in the order in which they first appear. A missing or None
    value is empty.
    """
    buffer = io.StringIO()
    keys = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(buffer, keys, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().rstrip("\n")


def width() -> int:
    """Returns the width of the terminal in characters, or WIDTH without a terminal."""
    console = Console()
    return console.width if console.is_terminal else WIDTH


def wrapped(text: str) -> str:
    """Returns text in lines that no terminal breaks within a word; as it is without a terminal."""
    console = Console()
    return textwrap.fill(text, console.width) if console.is_terminal else text


def least(renderable: Any) -> int:
    """Returns the width in characters below which rich would cut words."""
    console = Console(file=io.StringIO(), width=10 * WIDTH)
    minimum = Measurement.get(console, console.options, renderable).minimum
    # where it divides a width among columns, rich counts the padding that it leaves out at the edge
    edge = isinstance(renderable, Table) and not renderable.pad_edge
    return minimum + (sum(renderable.padding[1::2]) if edge else 0)


def to_text(renderable: Any) -> str:
    """Returns what rich draws as text, as wide as the terminal, or wider if a word would be cut."""
    console = Console(file=io.StringIO(), width=max(width(), least(renderable)))
    console.print(renderable)
    text = str(console.file.getvalue())  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        cells: one a row.
        number: whether it is aligned to the right.
        wraps: whether its words may be on several lines.
        spare: whether it is left out if the terminal is too narrow, the last such column first.
    """

    title: str
    cells: Sequence[str | Text]
    number: bool = True
    wraps: bool = False
    spare: bool = False


def fitting(columns: Sequence[Column]) -> tuple[Table, list[str]]:
    """Returns the columns that fit the terminal as a table, and the titles of the other ones."""
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
