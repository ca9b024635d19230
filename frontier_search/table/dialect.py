"""How a text file writes a table: its encoding, comments, separator, header and decimal sign.

Each is found by a rule that is stated here, and can be overruled by a flag of the same name.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.table import header
from frontier_search.table.options import TableOptions

SEPARATORS = (",", ";", "\t", "|", " ")  # of two that fit equally well, the first
SAMPLE = 500  # lines that decide
COMMENTS = ("#", "%", "//")
MARKUP = {  # how the first line begins of a text that has no rows of cells
    "<html": "HTML",
    "<!doctype": "HTML",
    "<?xml": "XML",
    '{"': "JSON: give its name the end .json",
    "[{": "JSON: give its name the end .json",
}


@dataclass(frozen=True)
class Dialect:
    """How a text is to be read.

    Attributes:
        separator: between the cells of a row.
        decimal, thousands: of numbers.
        header: the names of the columns; empty if the file has none.
        first: the index of the first line of rows.
        comment: what begins a line that is skipped; empty if none does.
        extra: how many more, empty cells every row ends with.
        quote: what stands around a cell that holds the separator.
        notes: what was found, for people.
    """

    separator: str
    decimal: str
    thousands: str
    header: tuple[str, ...]
    first: int
    comment: str
    extra: int
    quote: str
    notes: tuple[str, ...]


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
    rest = [
        line
        for line in lines[start:]
        if line.strip() and not (comment and line.startswith(comment))
    ]
    if not rest:
        raise SpecError(f"{source} is empty; a header and rows are needed.")
    _refuse_markup(rest, source)
    separator = given or _separator(rest)
    quote = _quote(rest, separator)
    if quote != '"':
        notes.append(f"cells stand in {quote}")
    rows = list(_rows(rest, separator, quote))
    widths = Counter(len(row) for row in rows[1:] or rows)
    usual = widths.most_common(1)[0][0]
    titles = header.titles(rows, usual)
    if titles:
        are = " is" if titles == 1 else "s are"
        notes.append(f"{titles} line{are} skipped before the header")
        rows = rows[titles:]
    names = [name.strip() for name in rows[0]]
    (words,) = _rows([before], separator) or [[]]
    names, commented = header.commented(names, rows, words)
    names, extra = header.without_empty_end(names, rows[1:], usual)
    if extra:
        notes.append(f"the empty last {'column is' if extra == 1 else 'columns are'} left out")
    has_header = header.has_header(names, rows[1:], source, options, commented)
    if not has_header:
        names = [f"x{place}" for place in range(len(names))]
        notes.append(f"its columns are named {names[0]} to {names[-1]}")
    body = rows[0 if commented or not has_header else 1 :]
    decimal, thousands = _decimal(body, separator, options)
    first = _line_of_row(lines, start, titles + (0 if commented or not has_header else 1), comment)
    return Dialect(
        separator, decimal, thousands, tuple(names), first, comment, extra, quote, tuple(notes)
    )


def _refuse_markup(lines: Sequence[str], source: str) -> None:
    for sign, what in MARKUP.items():
        if lines[0].lstrip().casefold().startswith(sign):
            raise SpecError(f"{source} holds {what}; rows of cells are needed.")
    if any(re.fullmatch(r"(?=.*--)[-+=|:\s]+", line) for line in lines[:3]):
        raise SpecError(
            f"{source} holds a table that is drawn with lines; export it as .csv, with a sign "
            "between the cells and no line below the header."
        )
    if re.fullmatch(r"\S+(?:\s+\d+:\S+)+\s*", lines[0]):
        raise SpecError(
            f"{source} holds rows of svmlight (a target, then NUMBER:VALUE); read it with "
            "sklearn.datasets.load_svmlight_file, and save X.toarray() and y as .npz."
        )


def _quote(lines: Sequence[str], separator: str) -> str:
    """Returns what stands around cells: a single quote if it stands around most, else a double."""
    cells_of = [cell.strip() for line in lines[1:50] for cell in line.split(separator)]
    single = sum(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells_of)
    return "'" if separator != " " and single > 0.5 * len(cells_of) else '"'


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
    if not comment and start < len(lines):  # lines of comments between the rows
        title = lines[start]
        for sign in signs:
            if not title.startswith(sign) and any(
                line.startswith(sign) and _cells(line) < _cells(title) for line in lines[start:]
            ):
                comment = sign
                break
    if comment:
        notes.append(f"lines that begin with {comment!r} are skipped")
    return start, options.comment or comment, before


def _cells(line: str) -> int:
    """Returns into how many cells any separator cuts a line, at most."""
    return max(line.count(sign) for sign in SEPARATORS[:-1])


def _rows(lines: Sequence[str], separator: str, quote: str = '"') -> list[list[str]]:
    if separator == " ":
        return [line.split() for line in lines]
    text = io.StringIO("\n".join(lines))
    try:
        reader = csv.reader(text, delimiter=separator, skipinitialspace=True, quotechar=quote)
        return [row for row in reader if row]
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


def _line_of_row(lines: Sequence[str], start: int, skipped: int, comment: str) -> int:
    """Returns the index of the line that begins a row, counting lines that are not empty."""
    at = start
    for _ in range(skipped):
        while at < len(lines) and (
            not lines[at].strip() or (comment and lines[at].startswith(comment))
        ):
            at += 1
        at += 1
    return at
