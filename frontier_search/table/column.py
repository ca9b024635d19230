"""What one column of a table is: its type, its levels, and how its cells are written.

It is decided from all rows, so that the number of a model's inputs is known before training and
equal for all seeds. What is fitted, such as a median, comes from training rows only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from frontier_search.errors import SpecError
from frontier_search.table import cells
from frontier_search.table.cells import Numbers, Numerals
from frontier_search.table.coding import (
    PARTS,
    CategoryCoding,
    Coding,
    DateCoding,
    NumberCoding,
    Scale,
    date_part,
)

if TYPE_CHECKING:
    import pandas as pd

ColumnType = Literal["number", "category", "boolean", "date", "text", "identifier", "constant"]
CODED = ("number", "category", "boolean", "date")  # the types that a model sees

MOSTLY = 0.9  # a column with this share of numbers is one of numbers, with faults
MAX_LEVELS = 20  # of a category that have an input of their own
RARE_LEVEL = 0.01  # of the rows: a level with fewer shares an input with others
INDICATED = 0.01  # of the rows: with fewer missing values there is no indicator
MIN_INDICATED = 5
TEXT_LEVELS = 20  # more distinct texts than that, and than half of the rows, are no category
LISTED = 3  # cells in one sentence

_KEY = re.compile(
    r"(?:^|[\s_.-])(?:id|ids|idx|index|uid|uuid|guid|key|nr|no|rowid|row|rownum|rownames)$|^unnamed"
)
_CAMEL = re.compile(r"[a-z](?:Id|ID|Index|Key|Nr|No)$")
_WHEN = re.compile(
    r"(?:^|[\s_.-])(?:t|time|times|date|datetime|timestamp|year|month|week|day|days|hour|minute|"
    r"second|seconds|step|steps|epoch|period|tick|age)s?(?:[\s_.-]|$)"
)


@dataclass(frozen=True)
class Column:
    """A column, understood from all rows of a table.

    Attributes:
        name: without spaces around it.
        type: what it is.
        missing: rows without a value.
        values: distinct values.
        used: whether models see it.
        role: what the user, or its name, makes of it: target, group, drop and the like; empty for
            a feature.
        why: why it is not used, or what is special; empty if there is nothing to say.
        written: of numbers.
        date_format: of dates.
        levels, grouped: of categories and booleans, see ``CategoryCoding``.
        parts: of dates, see ``DateCoding``.
        indicator: whether models are told that a number is missing.
        whole: whether all numbers are whole.
        also_missing: texts that stand for a missing value here.
        digits_lost: whether whole numbers differ in digits that no float keeps.
    """

    name: str
    type: ColumnType
    missing: int
    values: int
    used: bool = True
    why: str = ""
    written: Numerals = cells.PLAIN
    date_format: str = ""
    levels: tuple[str, ...] = ()
    grouped: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    indicator: bool = False
    whole: bool = False
    also_missing: tuple[str, ...] = ()
    digits_lost: bool = False
    role: str = ""

    @property
    def numeric(self) -> bool:
        """Whether its cells can be read as numbers that differ."""
        return self.whole and not self.digits_lost

    @property
    def width(self) -> int:
        """The inputs of a model that it takes."""
        return len(self.coding(np.zeros(1)).names) if self.used else 0

    def coding(self, training: Numbers) -> Coding:
        """Returns how the column is coded.

        Args:
            training: what the coding's ``read`` returns of the training rows.
        """
        if self.type == "date":
            return DateCoding(
                self.name, self.date_format, self.parts, Scale.fit(training), self.also_missing
            )
        if self.type in ("category", "boolean") and self.levels:
            any_case = self.type == "boolean"
            return CategoryCoding(self.name, self.levels, self.grouped, any_case, self.also_missing)
        return NumberCoding(
            self.name, self.written, Scale.fit(training), self.indicator, self.also_missing
        )


def looks_like_key(name: str) -> bool:
    """Returns whether a column's name says that it counts or names rows."""
    return bool(_KEY.search(name.casefold()) or _CAMEL.search(name))


def looks_like_time(name: str) -> bool:
    """Returns whether a column's name speaks of time."""
    return bool(_WHEN.search(name.casefold()))


def understand(
    series: pd.Series[Any],
    name: str,
    also_missing: tuple[str, ...] = (),
    decimal: str = ".",
    thousands: str = "",
    first_row: int = 1,
) -> Column:
    """Returns what a column is.

    Args:
        series: of the frame that a reader returned: numbers, texts or dates.
        also_missing: texts that stand for a missing value here.
        decimal, thousands: how the file writes numbers.
        first_row: the number of the first row, in messages.

    Raises:
        SpecError: nearly all cells are numbers and some are not; the sentence points at them.
    """
    import pandas as pd

    if pd.api.types.is_bool_dtype(series.dtype) or not pd.api.types.is_numeric_dtype(series.dtype):
        return _of_texts(series, name, also_missing, decimal, thousands, first_row)
    values = cells.numbers(series, cells.PLAIN, also_missing)
    return _of_numbers(values, name, cells.PLAIN, also_missing)


def _of_numbers(
    values: Numbers, name: str, written: Numerals, also_missing: tuple[str, ...]
) -> Column:
    absent = np.isnan(values)
    given = values[~absent]
    missing, distinct = int(absent.sum()), np.unique(given)
    known: dict[str, Any] = {
        "name": name, "missing": missing, "values": len(distinct), "written": written,
        "also_missing": also_missing,
    }  # fmt: skip
    whole = bool(len(given)) and bool(np.all(np.isfinite(given) & (given == np.round(given))))
    if len(distinct) < 2 and not (len(distinct) and missing >= MIN_INDICATED):
        return Column(type="constant", used=False, why=_constant(distinct.tolist()), **known)
    counted = whole and not written.thousands and not written.unit
    if counted and (reason := _counts_rows(given, distinct, name, missing)):
        return Column(type="identifier", used=False, why=reason, whole=True, **known)
    if distinct.tolist() == [0.0, 1.0] and written == cells.PLAIN:
        return Column(type="boolean", levels=("0", "1"), whole=True, **known)
    indicator = missing >= max(MIN_INDICATED, INDICATED * len(values))
    return Column(type="number", indicator=indicator, whole=whole, **known)


def _constant(values: list[Any]) -> str:
    if not values:
        return "has no value"
    value = values[0]
    return f"is {f'{value:g}' if isinstance(value, float) else repr(value)} in every row"


def _counts_rows(given: Numbers, distinct: Numbers, name: str, missing: int) -> str:
    """Returns why whole numbers name rows and measure nothing; empty if they may measure."""
    n = len(given)
    if len(distinct) < n or n < 10 or missing > 0.1 * n or looks_like_time(name):
        return ""
    if looks_like_key(name):
        return "has another value in every row, and the name of a key"
    if distinct[-1] - distinct[0] == n - 1:
        return "numbers the rows"
    steps = np.diff(given)
    if (steps > 0).all() and distinct[-1] - distinct[0] < 20 * n:
        return "grows from row to row, as a row number does"
    return ""


def _of_texts(
    series: pd.Series[Any],
    name: str,
    also_missing: tuple[str, ...],
    decimal: str,
    thousands: str,
    first_row: int,
) -> Column:
    codes, texts = cells.distinct(series, also_missing)
    missing = int((codes < 0).sum())
    present = len(codes) - missing
    known: dict[str, Any] = {
        "name": name, "missing": missing, "values": len(texts), "also_missing": also_missing,
    }  # fmt: skip
    if len(texts) < 2 and not (texts and missing >= MIN_INDICATED):
        if texts and cells.PLAIN.read(texts[0]) is not None:
            texts = [cells.PLAIN.read(texts[0])]  # type: ignore[list-item]
        return Column(type="constant", used=False, why=_constant(texts), **known)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    written = cells.numerals(texts, decimal, thousands)
    if written is not None:
        values = cells.numbers(series, written, also_missing)
        column = _of_numbers(values, name, written, also_missing)
        fewer = column.values < len(texts) and len(texts) >= 0.9 * present
        if fewer and any(len(text.lstrip("+-")) > 15 for text in texts):
            why = "holds whole numbers beyond 64 bits, which differ in digits that no float keeps"
            known |= {"whole": True, "digits_lost": True}
            return Column(type="identifier", used=False, why=why, **known)
        return column
    words = {text.casefold() for text in texts}
    if len(words) == 2 and words & cells.TRUE and words & cells.FALSE:
        levels = tuple(sorted(words, key=lambda word: word in cells.TRUE))
        return Column(type="boolean", levels=levels, **known)
    date_format = cells.date_format(texts)
    if date_format is not None:
        return _of_dates(cells.dates(series, date_format, also_missing), date_format, known)
    _refuse_faults(codes, texts, counts, name, Numerals(decimal, thousands), first_row)
    return _of_words(texts, counts, present, known)


def _of_dates(values: Numbers, date_format: str, known: dict[str, Any]) -> Column:
    """Returns a column of dates, whose parts are those that differ and repeat."""
    given = values[~np.isnan(values)]
    parts = ["elapsed"]
    for part in PARTS[1:]:
        of_part = np.unique(date_part(given, part))
        if len(of_part) > 1 and (part != "month" or np.ptp(given) > 366):
            parts.append(part)
    return Column(type="date", date_format=date_format, parts=tuple(parts), **known)


def _of_words(
    texts: list[str],
    counts: np.ndarray[Any, np.dtype[np.int64]],
    present: int,
    known: dict[str, Any],
) -> Column:
    n_rows = present + known["missing"]
    name = known["name"]
    length = float(np.mean([len(text) for text in texts]))
    spaced = float(np.mean([text.count(" ") >= 2 for text in texts]))
    if len(texts) >= 0.95 * present and present >= 10:
        if spaced < 0.5 and length < 40:
            why = "has another value in every row"
            return Column(type="identifier", used=False, why=why, **known)
        return Column(type="text", used=False, why="holds free text", **known)
    if len(texts) > max(TEXT_LEVELS, 0.5 * present) or (spaced > 0.5 and length > 40):
        why = f"has {len(texts)} different texts in {present} rows"
        if looks_like_key(name):
            return Column(type="identifier", used=False, why=why, **known)
        return Column(type="text", used=False, why=why, **known)
    order = sorted(range(len(texts)), key=lambda place: (-counts[place], texts[place]))
    least = max(2, RARE_LEVEL * n_rows)
    own = [place for place in order[:MAX_LEVELS] if counts[place] >= least] or order[:1]
    rest = [place for place in order if place not in set(own)]
    if len(rest) == 1 and len(own) < MAX_LEVELS:  # nothing is gained by a group of one
        own, rest = own + rest, []
    return Column(
        type="category",
        levels=tuple(sorted(texts[place] for place in own)),
        grouped=tuple(sorted(texts[place] for place in rest)),
        **known,
    )


def _refuse_faults(
    codes: np.ndarray[Any, np.dtype[np.int64]],
    texts: list[str],
    counts: np.ndarray[Any, np.dtype[np.int64]],
    name: str,
    plain: Numerals,
    first_row: int,
) -> None:
    """Raises SpecError if nearly all cells are numbers, and points at the others."""
    wrong = [place for place, text in enumerate(texts) if plain.read(text) is None]
    share = 1 - counts[wrong].sum() / counts.sum()
    if share < MOSTLY or len(texts) - len(wrong) < 3:
        return
    found = [
        f"row {int(np.flatnonzero(codes == place)[0]) + first_row}: {texts[place]!r}"
        + (f" ({counts[place]} times)" if counts[place] > 1 else "")
        for place in wrong
    ]
    more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
    first = texts[wrong[0]]
    raise SpecError(
        f"column {name!r} holds numbers, except in {'; '.join(found[:LISTED])}{more}. Correct "
        f"{'it' if len(found) == 1 else 'them'}, or read such a cell as missing: "
        f"--missing {_quoted(f'{name}={first}')}."
    )


def _quoted(text: str) -> str:
    return f"'{text}'"
