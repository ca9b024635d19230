"""Rows of text: .csv, .tsv, .txt and their like."""

from __future__ import annotations

import csv
import io
import itertools
from typing import TYPE_CHECKING, Any

from frontier_search.errors import SpecError
from frontier_search.table import cells, dialect
from frontier_search.table.dialect import Dialect
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_names

if TYPE_CHECKING:
    import pandas as pd

FOUND = "csv"
csv.field_size_limit(1 << 30)


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads a text.

    Raises:
        SpecError: it is no table; the sentence names the line.
    """
    if not data.strip():
        raise SpecError(f"{source} is empty; a header and rows are needed.")
    text, encoding, notes = dialect.decode(data, source, options.encoding)
    lines = list(itertools.islice((line.rstrip("\r\n") for line in io.StringIO(text)), 2000))
    found = dialect.find(lines, source, options)
    names = checked_names(list(found.header), source)
    _check_rows(text, found, len(names), source)
    frame = _frame(text, found, names)
    frame.columns = _index(names)
    header = options.header != "no"
    written = Written(
        "text", found.separator, found.decimal, found.thousands, encoding, header,
        found.first + 1, (*notes, *found.notes),
    )  # fmt: skip
    return RawTable(frame, written, source=source)


def _index(names: list[str]) -> Any:
    import pandas as pd

    return pd.Index(names)


def _check_rows(text: str, found: Dialect, width: int, source: str) -> None:
    """Raises SpecError for the first row that has another number of cells, or an open quote."""
    if found.separator == " ":
        return
    stream = io.StringIO(text)
    for _ in range(found.first):
        stream.readline()
    rows = csv.reader(stream, delimiter=found.separator, skipinitialspace=True, strict=True)
    wanted = (width, width + 1) if found.extra else (width,)
    line = found.first + 1
    try:
        for row in rows:
            skipped = not row or (found.comment and row[0].startswith(found.comment))
            if len(row) not in wanted and not skipped:
                raise SpecError(
                    f"line {line} of {source} has {len(row)} values and not {width}: "
                    f"{found.separator.join(row)[:60]!r}. Correct the line; a cell that holds the "
                    "separator stands in quotes."
                )
            line = found.first + rows.line_num + 1
    except csv.Error as error:
        raise SpecError(
            f"a quote is opened at line {line} of {source} and not closed as it should be "
            f"({error}). Close it, or leave out the quotes."
        ) from None


def _frame(text: str, found: Dialect, names: list[str]) -> pd.DataFrame:
    import pandas as pd

    settings: dict[str, Any] = {
        "header": None,
        "names": [*names, *(["\0extra"] if found.extra else [])],
        "skiprows": found.first,
        "skipinitialspace": True,
        "decimal": found.decimal,
        "thousands": found.thousands or None,
        "comment": found.comment if len(found.comment) == 1 else None,
        "na_values": sorted({*cells.MISSING, *(word.upper() for word in cells.MISSING),
                             "None", "Null", "NaN", "NaT", "Na", "N/a"}),
        "keep_default_na": False,
        "index_col": False,
        "low_memory": False,  # it would guess a dtype for each chunk
    }  # fmt: skip
    settings |= {"sep": r"\s+"} if found.separator == " " else {"sep": found.separator}
    frame: pd.DataFrame = pd.read_csv(io.StringIO(text), **settings)
    truths = [name for name in names if frame[name].dtype == bool]
    if truths:  # pandas would forget whether TRUE or true was written
        words = pd.read_csv(io.StringIO(text), **settings, usecols=truths, dtype=str)
        for name in truths:
            frame[name] = words[name]
    return frame[names]
