"""Rows of text: .csv, .tsv, .txt and their like."""

from __future__ import annotations

import csv
import io
import itertools
import re
from typing import TYPE_CHECKING, Any

from frontier_search.errors import SpecError
from frontier_search.table import cells, decoding, dialect
from frontier_search.table.dialect import Dialect
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_names

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 2000  # rows, among which codes with leading zeros are looked for
CHUNK = 1 << 24  # characters of a text that are looked at together
csv.field_size_limit(1 << 30)


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads a text.

    Raises:
        SpecError: it is no table; the sentence names the line.
    """
    if not data.strip():
        raise SpecError(f"{source} is empty; a header and rows are needed.")
    text, encoding, notes = decoding.decode(
        data, source, options.encoding, repair=options.rules >= 4
    )
    text = text.rstrip("\x1a")  # the end of a file of DOS
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text[: _start(text, SAMPLE)].split("\n")
    found = dialect.find(lines, source, options)
    if found.comment:  # empty lines keep the numbers of the others
        sign = re.escape(found.comment)
        text = re.sub(rf"^{sign}.*$", "", text, flags=re.MULTILINE)
    if options.rules >= 4:
        text, empty = _without_empty_rows(text, found)
        notes = (*notes, *([f"{empty} empty row{'s' * (empty > 1)} skipped"] if empty else []))
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


def _without_empty_rows(text: str, found: Dialect) -> tuple[str, int]:
    """Returns a text in which rows without a value, such as ``,,``, are empty lines; and how many.

    An empty line is no row, and the other lines keep their numbers.
    """
    blank = f"{found.separator} \t{found.quote}"
    if found.separator == " " or not any(f"\n{sign}" in text for sign in blank):
        return text, 0
    start = _start(text, found.first)
    signs = "|".join(map(re.escape, (found.separator, " ", "\t", 2 * found.quote)))
    rows, n = re.subn(rf"^(?:{signs})+$", "", text[start:], flags=re.MULTILINE)
    return (text[:start] + rows, n) if n else (text, 0)


def _check_rows(text: str, found: Dialect, width: int, source: str) -> None:
    """Raises SpecError for the first row that has another number of cells, or an open quote."""
    wanted = (width, width + found.extra)
    if _are_plain(text, found, wanted):
        return
    stream = io.StringIO(text[_start(text, found.first) :])
    rows = csv.reader(
        (" ".join(line.split()) for line in stream) if found.separator == " " else stream,
        delimiter=found.separator, skipinitialspace=True, strict=True, quotechar=found.quote,
    )  # fmt: skip
    line = found.first + 1
    try:
        for row in rows:
            if row and len(row) not in wanted:
                if line == found.first + 1 and len(row) == width + 1:
                    raise SpecError(
                        f"the rows of {source} have one value more than its header has names: "
                        f"their first column, {row[0]!r} and so on, has no name. Name it, or write "
                        "the file without row names (index=False, row.names=FALSE)."
                    )
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


def _start(text: str, line: int) -> int:
    """Returns where a line begins, from 0; the length of the text if it has no such line."""
    at = 0
    for _ in range(line):
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        at = end + 1
    return at


def _are_plain(text: str, found: Dialect, wanted: tuple[int, ...]) -> bool:
    """Returns whether no cell is quoted and every row has as many cells as wanted; quickly."""
    if found.quote in text or found.separator == " ":
        return False
    at = _start(text, found.first)
    while at < len(text):
        end = text.find("\n", at + CHUNK)
        end = len(text) if end < 0 else end
        rows = text[at:end].split("\n")
        if any(row and row.count(found.separator) + 1 not in wanted for row in rows):
            return False
        at = end + 1
    return True


def _frame(text: str, found: Dialect, names: list[str]) -> pd.DataFrame:
    import pandas as pd

    missing = cells.MISSING - {cells.NONE}
    codes = _codes(text, found, names)
    settings: dict[str, Any] = {
        "header": None,
        "names": [*names, *(f"\0{place}" for place in range(found.extra))],
        "skiprows": found.first,
        "skipinitialspace": True,
        "decimal": found.decimal,
        "thousands": found.thousands or None,
        "quotechar": found.quote,
        "na_values": sorted({*missing, *(word.upper() for word in missing),
                             "Null", "NaN", "NaT", "Na", "N/a"}),
        "keep_default_na": False,
        "index_col": False,
        "low_memory": False,  # it would guess a dtype for each chunk
        "dtype": dict.fromkeys(codes, str),
    }  # fmt: skip
    settings |= {"sep": r"\s+"} if found.separator == " " else {"sep": found.separator}
    encoded = text.encode()  # a stream of it holds no copy, and one of text holds four times it
    frame: pd.DataFrame = pd.read_csv(io.BytesIO(encoded), **settings)
    truths = [name for name in names if frame[name].dtype == bool]
    if truths:  # pandas would forget whether TRUE or true was written
        words = pd.read_csv(io.BytesIO(encoded), **(settings | {"dtype": str}), usecols=truths)
        for name in truths:
            frame[name] = words[name]
    return frame[names]


def _codes(text: str, found: Dialect, names: list[str]) -> list[str]:
    """Returns the columns that hold whole numbers with leading zeros, which are codes."""
    sample = text[_start(text, found.first) : _start(text, found.first + SAMPLE)]
    rows = csv.reader(
        io.StringIO(sample), delimiter=found.separator, skipinitialspace=True, quotechar=found.quote
    )
    columns = itertools.zip_longest(*rows, fillvalue="")
    return [
        name
        for name, column in zip(names, columns, strict=False)
        if any(re.fullmatch(r"0\d+", cell.strip()) for cell in column)
    ]
