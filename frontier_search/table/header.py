"""The names of the columns of a text: which line holds them, or that none does."""

from __future__ import annotations

from collections.abc import Sequence

from frontier_search.errors import SpecError
from frontier_search.table import cells
from frontier_search.table.options import TableOptions

MAX_TITLES = 10


def titles(rows: Sequence[Sequence[str]], usual: int) -> int:
    """Returns how many rows above the header are none of the table: one cell where rows have more.

    Args:
        usual: how many cells most rows have.
    """
    found = 0
    while found < min(MAX_TITLES, len(rows) - 2):
        row = rows[found]
        one = sum(bool(cell.strip()) for cell in row) < 2
        if usual < 2 or not one or (len(row) > 1 and usual < 3):
            break
        found += 1
    return found


def without_empty_end(
    names: list[str], rows: Sequence[Sequence[str]], usual: int
) -> tuple[list[str], int]:
    """Returns the names without those of empty last columns, and how many these are."""
    named = len(names)
    while named > 1 and names[named - 1] == "":
        named -= 1
    whole = [row for row in rows if len(row) == usual]
    if usual == named < len(names):  # the header alone ends with a separator
        return names[:named], 0
    if usual > named and whole and not any(cell.strip() for row in whole for cell in row[named:]):
        return names[:named], usual - named
    return names, 0


def commented(
    names: list[str], rows: Sequence[Sequence[str]], words: Sequence[str]
) -> tuple[list[str], bool]:
    """Returns the words of the last comment, if they name the columns; and whether they do.

    They do if there are as many as columns, and the first row names none.

    Args:
        names: of the first row, which is returned otherwise.
        rows: the first row and those below it.
        words: the cells of the last comment.
    """
    numeric = all(cells.PLAIN.number(name.strip()) is not None for name in names)
    if (numeric or _is_a_row(names, rows[1:])) and len(words) == len(rows[0]) > 1:
        return [word.strip() for word in words], True
    return names, False


def has_header(
    names: list[str],
    rows: Sequence[Sequence[str]],
    source: str,
    options: TableOptions,
    commented: bool,
) -> bool:
    """Returns whether the file has a header.

    Raises:
        SpecError: it seems to have none, and the user did not say so.
    """
    if options.header is not None or commented:
        return commented or options.header == "yes"
    numbered = names == [str(place) for place in range(len(names))]
    if all(_is_number(name) for name in names) and not numbered:
        raise SpecError(
            f"the first row of {source} is numbers, so the header row is missing; name the "
            "columns in it, or say --header no."
        )
    others = [row for row in rows if [cell.strip() for cell in row] != names]
    if _is_a_row(names, others):
        raise SpecError(
            f"the first row of {source} looks like the rows below it ({', '.join(names)[:60]}), so "
            "the header row is missing; name the columns in it, or say --header no. If it is the "
            "header, say --header yes."
        )
    if len(others) < len(rows):
        raise SpecError(
            f"the header of {source} ({', '.join(names)[:60]}) stands again among its rows, as "
            "where files were joined; leave it out there."
        )
    return True


def _is_number(text: str) -> bool:
    return cells.PLAIN.number(text.strip().replace(",", ".")) is not None


def _is_a_row(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Returns whether the first row is like the others, and so names no column.

    It is if one of its cells is a number with a fraction above numbers, or if its words stand below
    themselves and all else is numbers.
    """
    below = [row for row in rows if len(row) == len(names)]
    if len(below) < 2:
        return False
    columns = [[cell.strip() for cell in column] for column in zip(*below, strict=True)]
    for name, column in zip(names, columns, strict=True):
        fraction = _is_number(name) and not name.isdigit()
        if fraction and sum(map(_is_number, column)) > 0.9 * len(column):
            return True
    words = [
        (name, column)
        for name, column in zip(names, columns, strict=True)
        if name and not _is_number(name)
    ]
    return len(words) > 0 and all(name in column for name, column in words)
