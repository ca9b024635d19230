"""Raw rows as lists of cells, which become the inputs of a model without pandas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

import numpy as np

from frontier_search.table.cells import ISO, PLAIN, missing, text_of
from frontier_search.table.coding import CategoryCoding, DateCoding, NumberCoding
from frontier_search.table.preprocessing import Preprocessing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def inputs(preprocessing: Preprocessing, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Returns the inputs of a model, float32, (n_rows, width).

    Args:
        rows: name of a column -> cell, a text as in the table or a number; None where it is
            missing. Names that are not needed are ignored.

    Raises:
        ValueError: a column is missing, or a cell cannot be read.
    """
    parts = [np.zeros((len(rows), 0), np.float32)]
    for each in preprocessing.codings:
        absent = [number for number, row in enumerate(rows, start=1) if each.name not in row]
        if absent:
            raise ValueError(f"row {absent[0]} has no column {each.name!r}.")
        parts.append(each.encode(_values(each, [row[each.name] for row in rows])))
    return np.concatenate(parts, axis=1)


def _values(coding: Any, cells: list[Any]) -> Any:
    """Returns float64 numbers, positions of levels or days since 1970, (n_rows,)."""
    texts = [text_of(cell) for cell in cells]
    known = coding.known if isinstance(coding, CategoryCoding) else ()
    absent = np.array([missing(text, coding.missing, known) for text in texts], dtype=bool)
    if isinstance(coding, CategoryCoding):
        return np.where(absent, np.nan, coding.positions(texts))
    found = np.full(len(cells), np.nan)
    for i in np.flatnonzero(~absent):
        value = _number(coding, cells[i]) if isinstance(coding, NumberCoding) else None
        value = _days(coding, texts[i]) if isinstance(coding, DateCoding) else value
        if value is None:
            raise ValueError(f"column {coding.name!r}, row {i + 1}: {texts[i]!r} cannot be read.")
        found[i] = value
    return found


def _number(coding: NumberCoding, cell: Any) -> float | None:
    if not isinstance(cell, str | bytes):
        return float(cell)
    read = coding.written.number(text_of(cell))
    return PLAIN.number(text_of(cell)) if read is None else read


def _days(coding: DateCoding, text: str) -> float | None:
    for form in dict.fromkeys((coding.written, ISO)):
        try:
            iso = form == ISO
            found = datetime.fromisoformat(text) if iso else datetime.strptime(text, form)
        except ValueError:
            continue
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return (found - EPOCH) / timedelta(days=1)
    return None


def read_csv(stream: TextIO) -> tuple[list[str], list[list[str]]]:
    """Returns the line of names and the rows of CSV, separated by comma, semicolon, tab or bar."""
    lines = iter(stream)
    head = next(lines, "").removeprefix("\ufeff")
    separator = max(",;\t|", key=head.count)
    every = csv.reader(_after(head, lines), delimiter=separator, skipinitialspace=True)
    names, *rows = [row for row in every if row] or [[]]
    return [name.strip() for name in names], rows


def _after(head: str, lines: Iterable[str]) -> Iterable[str]:
    yield head
    yield from lines
