"""How a text file writes a table: its encoding, comments, separator, header and decimal sign.

Each is found by a rule that is stated here, and can be overruled by a flag of the same name.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.table import cells
from frontier_search.table.options import TableOptions

SEPARATORS = (",", ";", "\t", "|", " ")  # of two that fit equally well, the first
SAMPLE = 500  # lines that decide
COMMENTS = ("#", "%", "//")
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
DETECTED = 20  # bytes beyond ASCII that are enough to detect an encoding by its language


@dataclass(frozen=True)
class Dialect:
    """How a text is to be read.

    Attributes:
        separator: between the cells of a row.
        decimal, thousands: of numbers.
        header: the names of the columns; empty if the file has none.
        first: the index of the first line of rows.
        comment: what begins a line that is skipped; empty if none does.
        extra: whether every row ends with one more, empty cell.
        notes: what was found, for people.
    """

    separator: str
    decimal: str
    thousands: str
    header: tuple[str, ...]
    first: int
    comment: str
    extra: bool
    notes: tuple[str, ...]


def decode(data: bytes, source: str, given: str | None) -> tuple[str, str, tuple[str, ...]]:
    """Returns the text of a file, its encoding, and notes for people.

    Raises:
        SpecError: the given encoding does not fit, or the file is binary.
    """
    if given is not None:
        try:
            return data.decode(given), given, ()
        except LookupError:
            raise SpecError(
                f"--encoding {given} is unknown; give one such as utf-8, cp1252 or latin-1."
            ) from None
        except UnicodeDecodeError as error:
            raise SpecError(
                f"{source} is not in {given}: {_where(data, error.start)}. Give another --encoding."
            ) from None
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff"), encoding, ()
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise SpecError(
            f"line {line} of {source} holds NUL bytes, which no text does; remove them, or write "
            "the file again."
        )
    try:
        return data.decode("utf-8"), "utf-8", ()
    except UnicodeDecodeError as error:
        encoding = _guessed(data)
        note = (
            f"read as {encoding}, because it is not UTF-8 ({_where(data, error.start)}); "
            "--encoding overrules this"
        )
        return data.decode(encoding, "replace"), encoding, (note,)


def _where(data: bytes, position: int) -> str:
    line = data[:position].count(b"\n") + 1
    return f"byte 0x{data[position]:02X} in line {line}"


def _guessed(data: bytes) -> str:
    """Returns the encoding of bytes that are not UTF-8."""
    beyond = sum(1 for byte in data[:100_000] if byte > 127)
    if beyond >= DETECTED:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:100_000]).best()
        if best is not None:
            return best.encoding
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def find(lines: Sequence[str], source: str, options: TableOptions) -> Dialect:
    """Returns the dialect of a text.

    Args:
        lines: its first lines, without line ends.

    Raises:
        SpecError: the file is empty, or has no header, or one column.
    """
    notes: list[str] = []
    given = options.separator
    start, comment, before = _skip_comments(lines, options, notes)
    if start < len(lines) and (match := re.fullmatch(r"sep=(.)", lines[start].strip())):
        given, start = given or match[1], start + 1  # a line that Excel writes
    rest = [line for line in lines[start:] if line.strip()]
    if not rest:
        raise SpecError(f"{source} is empty; a header and rows are needed.")
    separator = given or _separator(rest)
    rows = list(_rows(rest, separator))
    widths = Counter(len(row) for row in rows[1:] or rows)
    usual = widths.most_common(1)[0][0]
    titles = 0
    while titles < min(10, len(rows) - 2) and len(rows[titles]) == 1 < usual:
        titles += 1
    if titles:
        notes.append(f"{titles} lines before the header are skipped")
        rows = rows[titles:]
    names = [name.strip() for name in rows[0]]
    names, commented = _commented_header(names, rows, before, separator)
    extra = len(names) == usual - 1 and all(
        row[-1].strip() == "" for row in rows[1:] if len(row) == usual
    )
    if len(names) > 1 and names[-1] == "" and all(row[-1].strip() == "" for row in rows[1:]):
        names, extra = names[:-1], True
    if extra:
        notes.append("the empty last column is left out")
    if len(names) < 2:
        raise SpecError(
            f"{source} has one column, {names[0]!r}; a feature and a target are needed. If its "
            "columns are separated by another sign than , ; | tabs or spaces, give it with "
            "--separator."
        )
    header = _header(names, source, options, commented)
    if not header:
        names = [f"x{place}" for place in range(len(names))]
        notes.append(f"its columns are named {names[0]} to {names[-1]}")
    body = rows[0 if commented or not header else 1 :]
    decimal, thousands = _decimal(body, separator, options)
    first = _line_of_row(lines, start, titles + (0 if commented or not header else 1))
    return Dialect(separator, decimal, thousands, tuple(names), first, comment, extra, tuple(notes))


def _skip_comments(
    lines: Sequence[str], options: TableOptions, notes: list[str]
) -> tuple[int, str, str]:
    """Returns the first line that is none, what begins comments, and the last of them."""
    signs = (options.comment,) if options.comment else COMMENTS
    start, comment, before = 0, "", ""
    while start < len(lines):
        line = lines[start].strip()
        sign = next((sign for sign in signs if line.startswith(sign)), None)
        if sign is None and line:
            break
        if sign is not None:
            comment, before = sign, line.removeprefix(sign).strip()
        start += 1
    if comment:
        notes.append(f"lines that begin with {comment!r} are skipped")
    return start, options.comment or comment, before


def _rows(lines: Sequence[str], separator: str) -> list[list[str]]:
    if separator == " ":
        return [line.split() for line in lines]
    text = io.StringIO("\n".join(lines))
    try:
        return [row for row in csv.reader(text, delimiter=separator, skipinitialspace=True) if row]
    except csv.Error:
        return [line.split(separator) for line in lines]


def _separator(lines: Sequence[str]) -> str:
    """Returns the sign that cuts the most lines into the same number of cells, above one."""
    best, found = (0.0, 0.0), SEPARATORS[0]
    for sign in SEPARATORS:
        counts = [len(row) for row in _rows(lines[:SAMPLE], sign)]
        usual, times = Counter(counts).most_common(1)[0]
        if usual < 2:
            continue
        # a sign that stands in every line but not in the header is a decimal sign
        agrees = abs(counts[0] - usual) <= 1
        score = (times / len(counts) * (1.0 if agrees else 0.3), 0.0 if sign == " " else 1.0)
        if score > best:
            best, found = score, sign
    return found


def _commented_header(
    names: list[str], rows: list[list[str]], before: str, separator: str
) -> tuple[list[str], bool]:
    """Takes the last comment for the header, if the first row is numbers and both fit."""
    numeric = all(cells.PLAIN.read(name.strip()) is not None for name in names)
    if numeric and before:
        (words,) = _rows([before], separator) or [[]]
        if len(words) == len(rows[0]) and len(words) > 1:
            return [word.strip() for word in words], True
    return names, False


def _header(names: list[str], source: str, options: TableOptions, commented: bool) -> bool:
    """Returns whether the file has a header.

    Raises:
        SpecError: it seems to have none, and the user did not say so.
    """
    if options.header is not None or commented:
        return commented or options.header == "yes"
    numbered = names == [str(place) for place in range(len(names))]
    numeric = [cells.PLAIN.read(name.replace(",", ".")) is not None for name in names]
    if all(numeric) and not numbered:
        raise SpecError(
            f"the first row of {source} is numbers, so the header row is missing; name the "
            "columns in it, or say --header no."
        )
    return True


def _decimal(
    rows: Sequence[Sequence[str]], separator: str, options: TableOptions
) -> tuple[str, str]:
    """Returns the decimal sign and that of thousands.

    A comma is the decimal sign if it stands in numbers of a file that it does not separate, and no
    number has a point.
    """
    texts = {cell.strip() for row in rows for cell in row}
    if options.decimal is not None:
        return options.decimal, options.thousands or ""
    commas = [text for text in texts if re.fullmatch(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?%?", text)]
    points = [text for text in texts if re.fullmatch(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?%?", text)]
    grouped = [text for text in texts if re.fullmatch(r"[-+]?\d{1,3}(?:\.\d{3})+,\d+", text)]
    if grouped and not any("," in text.replace(",", "", 1) for text in grouped):
        return ",", options.thousands or "."
    if separator != "," and commas and not points:
        return ",", options.thousands or ""
    if separator != "," and commas and all(re.fullmatch(r".*\.\d{3}", text) for text in points):
        return ",", options.thousands or "."
    return ".", options.thousands or ""


def _line_of_row(lines: Sequence[str], start: int, skipped: int) -> int:
    """Returns the index of the line that begins a row, counting lines that are not empty."""
    at = start
    for _ in range(skipped):
        while at < len(lines) and not lines[at].strip():
            at += 1
        at += 1
    return at
