"""What one column of a table is, found from all its cells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from frontier_search.errors import SpecError
from frontier_search.table import cells
from frontier_search.table.cells import Numbers, Numerals
from frontier_search.table.coding import PARTS, date_part
from frontier_search.table.column import Column, looks_like_key, looks_like_time
from frontier_search.table.options import RULES

if TYPE_CHECKING:
    import pandas as pd


MOSTLY = 0.9  # a column with this share of numbers is one of numbers, with faults
FEW_WORDS = 3  # beside many numbers, in at most half of the rows, are faults too
NONES = ("None", "none", "NONE")  # as a class or a level; without one, it is missing
MAX_LEVELS = 20  # of a category that have an input of their own
RARE_LEVEL = 0.01  # of the rows: a level with fewer shares an input with others
INDICATED = 0.01  # of the rows: with fewer missing values there is no indicator
MIN_INDICATED = 5
TEXT_LEVELS = 20  # more distinct texts than that, and than half of the rows, are no category
LISTED = 3  # cells in one sentence


class FaultyCellsError(SpecError):
    """Some cells of a column are no numbers, as the others are.

    Attributes:
        cells: the first row of each faulty text, and the text.
    """

    def __init__(self, sentence: str, cells: list[tuple[int, str]]) -> None:
        super().__init__(sentence)
        self.cells = cells


def understand(
    series: pd.Series[Any],
    name: str,
    also_missing: tuple[str, ...] = (),
    decimal: str = ".",
    thousands: str = "",
    first_row: int = 1,
    rules: int = RULES,
) -> Column:
    """Returns what a column is.

    Args:
        series: of the frame that a reader returned: numbers, texts or dates.
        also_missing: texts that stand for a missing value here.
        decimal, thousands: how the file writes numbers.
        first_row: the number of the first row, in messages.
        rules: the version of the rules, see ``options.RULES``.

    Raises:
        SpecError: nearly all cells are numbers and some are not; the sentence points at them.
    """
    import pandas as pd

    if pd.api.types.is_bool_dtype(series.dtype) or not pd.api.types.is_numeric_dtype(series.dtype):
        return _of_texts(series, name, also_missing, Numerals(decimal, thousands), first_row, rules)
    values = cells.numbers(series, cells.PLAIN, also_missing)
    if rules >= 3 and _are_compact_dates(values):
        known = {
            "name": name, "missing": int(np.isnan(values).sum()), "also_missing": also_missing,
            "values": len(np.unique(values[~np.isnan(values)])),
        }  # fmt: skip
        days = cells.dates(series, cells.COMPACT, also_missing)
        return _of_dates(days, cells.COMPACT, known)
    return _of_numbers(values, name, cells.PLAIN, also_missing)


def _are_compact_dates(values: Numbers) -> bool:
    """Returns whether whole numbers such as 20210131 are days: two or more, all of them."""
    given = values[~np.isnan(values)]
    if (
        len(given) < 2
        or given.min() < cells.COMPACT_RANGE[0]
        or given.max() > cells.COMPACT_RANGE[1]
    ):
        return False
    distinct = np.unique(given)
    if len(distinct) < 2 or (distinct != np.round(distinct)).any():
        return False
    return cells.days([str(int(value)) for value in distinct], cells.COMPACT) is not None


def _of_numbers(
    values: Numbers, name: str, written: Numerals, also_missing: tuple[str, ...]
) -> Column:
    absent = np.isnan(values)
    given = values[~absent]
    missing, distinct = int(absent.sum()), cells.different(given)
    ends = [float(given.min()), float(given.max())] if distinct else []
    known: dict[str, Any] = {
        "name": name, "missing": missing, "values": distinct, "written": written,
        "also_missing": also_missing,
    }  # fmt: skip
    whole = bool(len(given)) and bool(np.all(np.isfinite(given) & (given == np.round(given))))
    if distinct < 2 and not (distinct and missing >= MIN_INDICATED):
        return Column(type="constant", used=False, why=_constant(ends[:1]), **known)
    counted = whole and not written.thousands and not written.unit
    if counted and (reason := _counts_rows(given, distinct, ends, name, missing)):
        return Column(type="identifier", used=False, why=reason, whole=True, **known)
    if distinct == 2 and ends == [0.0, 1.0] and written == cells.PLAIN:
        return Column(type="boolean", levels=("0", "1"), whole=True, **known)
    indicator = missing >= max(MIN_INDICATED, INDICATED * len(values))
    return Column(type="number", indicator=indicator, whole=whole, **known)


def _constant(values: list[Any]) -> str:
    if not values:
        return "has no value"
    value = values[0]
    return f"is {f'{value:g}' if isinstance(value, float) else repr(value)} in every row"


def _counts_rows(given: Numbers, distinct: int, ends: list[float], name: str, missing: int) -> str:
    """Returns why whole numbers name rows and measure nothing; empty if they may measure."""
    n = len(given)
    if distinct < n or n < 10 or missing > 0.1 * n or looks_like_time(name):
        return ""
    if looks_like_key(name):
        return "has another value in every row, and the name of a key"
    if ends[1] - ends[0] == n - 1:
        return "numbers the rows"
    steps = np.diff(given)
    if (steps > 0).all() and ends[1] - ends[0] < 20 * n:
        return "grows from row to row, as a row number does"
    return ""


def _of_texts(
    series: pd.Series[Any],
    name: str,
    also_missing: tuple[str, ...],
    plain: Numerals,
    first_row: int,
    rules: int,
) -> Column:
    codes, texts = cells.distinct(series, also_missing)
    if rules >= 3 and _are_words(texts):
        codes, texts = cells.distinct(series, also_missing, NONES)  # a word among words
    missing = int((codes < 0).sum())
    present = len(codes) - missing
    known: dict[str, Any] = {
        "name": name, "missing": missing, "values": len(texts), "also_missing": also_missing,
    }  # fmt: skip
    if len(texts) < 2 and not (texts and missing >= MIN_INDICATED):
        if texts and cells.PLAIN.number(texts[0]) is not None:
            texts = [cells.PLAIN.number(texts[0])]  # type: ignore[list-item]
        return Column(type="constant", used=False, why=_constant(texts), **known)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    written = cells.numerals(texts, plain.decimal, plain.thousands, with_units=rules >= 3)
    if written is not None and not (rules >= 3 and _are_codes(texts)):
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
    if date_format is None and rules >= 3:
        date_format = cells.clock_format(texts)
    if date_format is not None:
        return _of_dates(cells.dates(series, date_format, also_missing), date_format, known)
    _refuse_faults(codes, texts, counts, name, plain, first_row, rules)
    if rules >= 3 and len(texts) > 2 and all(map(cells.looks_like_date, texts)):
        why = "holds dates that are written in several ways"
        return Column(type="text", used=False, why=why, **known)
    return _of_words(texts, counts, present, known)


def _are_words(texts: list[str]) -> bool:
    """Returns whether texts are neither numbers, dates, nor yes and no."""
    folded = {text.casefold() for text in texts}
    return (
        bool(texts)
        and not any(cells.PLAIN.number(text) is not None for text in texts)
        and not folded <= cells.TRUE | cells.FALSE
        and cells.numerals(texts) is None
        and cells.date_format(texts) is None
    )


def _are_codes(texts: list[str]) -> bool:
    """Returns whether digits are a code, such as 00501, as leading zeros say."""
    return all(text.isdigit() for text in texts) and any(re.match(r"0\d", text) for text in texts)


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
    rules: int,
) -> None:
    """Raises SpecError if nearly all cells are numbers, and points at the others."""
    wrong = [place for place, text in enumerate(texts) if plain.number(text) is None]
    share = 1 - counts[wrong].sum() / counts.sum()
    numbers = len(texts) - len(wrong)
    if not wrong:
        return
    few_words = rules >= 3 and share >= 0.5 and len(wrong) <= FEW_WORDS and numbers > MAX_LEVELS
    if (share < MOSTLY or numbers < 3) and not few_words:
        return
    rows = [int(np.flatnonzero(codes == place)[0]) + first_row for place in wrong]
    found = [
        f"row {row}: {texts[place]!r}" + (f" ({counts[place]} times)" if counts[place] > 1 else "")
        for row, place in zip(rows, wrong, strict=True)
    ]
    more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
    first = texts[wrong[0]]
    raise FaultyCellsError(
        f"column {name!r} holds numbers, except in {'; '.join(found[:LISTED])}{more}. Correct "
        f"{'it' if len(found) == 1 else 'them'}, or read such a cell as missing: "
        f"--missing {_quoted(f'{name}={first}')}.",
        [(row, texts[place]) for row, place in zip(rows, wrong, strict=True)],
    )


def _quoted(text: str) -> str:
    return f"'{text}'"
