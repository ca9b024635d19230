"""The cells of one column: which are missing, and which number, date or word a text stands for."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Numbers = NDArray[np.float64]

# words that stand for a missing value, in any case
MISSING = frozenset(
    {
        "", "na", "n/a", "n.a.", "#n/a", "#na", "nan", "-nan", "1.#qnan", "null", "none", "nil",
        "<na>", "nat", "?", "-", "--", ".", "#value!", "#div/0!", "#ref!", "missing",
    }
)  # fmt: skip
TRUE = frozenset({"true", "yes", "t", "y", "on"})
FALSE = frozenset({"false", "no", "f", "n", "off"})
NONE = "none"  # missing among numbers and dates, and a word among words
UNITS = "%$€£"  # a sign before or after a number that may be left out
_UNIT = re.compile(r"[-+\u2212]?\d[\d.,' \u00a0\u202f]*?\s?([A-Za-zµ°Ω²³/*^·]{1,6}[²³\d]?)")
MINUS = "\u2212"  # as typographers write it


@dataclass(frozen=True)
class Numerals:
    """How the numbers of a column are written.

    Attributes:
        decimal: the sign before the fraction.
        thousands: the sign between groups of three digits; empty if there is none.
        unit: a sign before or after every number, such as ``%``; empty if there is none.
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""

    def number(self, text: str) -> float | None:
        """Returns the number that a text stands for; None if it stands for none."""
        text = text.replace(MINUS, "-")
        if self.unit:
            text = text.replace(self.unit, "", 1).strip()
        if self.thousands:
            if not re.fullmatch(
                rf"[-+]?(?:0|[1-9]\d{{0,2}}(?:{re.escape(self.thousands)}\d{{3}})*)"
                rf"(?:{re.escape(self.decimal)}\d*)?",
                text,
            ):
                return None
            text = text.replace(self.thousands, "")
        if self.decimal != ".":
            if "." in text:
                return None
            text = text.replace(self.decimal, ".")
        if not text or text[-1] not in "0123456789.fFyY" or "_" in text:  # 1_000 is no number here
            return None
        try:
            return float(text)
        except ValueError:
            return None

    def describe(self) -> str:
        """Returns how numbers are written, for people; empty for plain ones."""
        words = [f"{self.unit} after or before every number"] * bool(self.unit)
        words += [f"thousands separated by {self.thousands!r}"] * bool(self.thousands)
        return ", ".join(words + [f"decimal {self.decimal!r}"] * (self.decimal != "."))


PLAIN = Numerals()


def numerals(
    texts: Collection[str], decimal: str = ".", thousands: str = "", with_units: bool = True
) -> Numerals | None:
    """Returns how all these numbers are written; None if they are not all numbers.

    Args:
        texts: distinct, stripped, none of them missing.
        decimal, thousands: of the file.
        with_units: whether a word after every number, such as kg, is its unit.
    """
    other = "," if decimal == "." else "."
    ways = [Numerals(decimal, thousands)] if thousands else [Numerals(decimal)]
    ways += [Numerals(decimal, sign) for sign in (other, " ", "'", "\u00a0", "\u202f")]
    ways += [Numerals(other)]
    units = {sign for text in texts for sign in UNITS if sign in text}
    if not units and with_units:
        words = [_UNIT.fullmatch(text) for text in texts]
        units = {word[1] if word else "" for word in words}
    if len(units) == 1 and "" not in units:
        unit = units.pop()
        ways += [Numerals(way.decimal, way.thousands, unit) for way in ways]
    for way in ways:
        if all(way.number(text) is not None for text in texts):
            return way
    return None


def missing(text: str, also: Collection[str] = (), present: Collection[str] = ()) -> bool:
    """Returns whether a text stands for a missing value.

    Args:
        also: further texts that do.
        present: texts that do not.
    """
    return (text.lower() in MISSING and text not in present) or text in also


def distinct(
    series: pd.Series[Any], also_missing: Collection[str] = (), present: Collection[str] = ()
) -> tuple[NDArray[np.int64], list[str]]:
    """Returns the distinct values of a column as texts without spaces around them.

    Args:
        also_missing: texts that stand for a missing value here, beside ``MISSING``.
        present: texts that do not, although they are in ``MISSING``.

    Returns:
        The position of every row's text, -1 where it is missing, (n_rows,); and the texts, in the
        order in which they first occur.
    """
    import pandas as pd

    codes, values = pd.factorize(series)
    texts = [text_of(value) for value in values]
    kept = {
        text: position
        for position, text in enumerate(
            dict.fromkeys(text for text in texts if not missing(text, also_missing, present))
        )
    }
    positions = np.array([kept.get(text, -1) for text in texts] + [-1], dtype=np.int64)
    return positions[codes], list(kept)


def text_of(value: object) -> str:
    """Returns a value as it would stand in a file: 3 and 3.0 are both ``3``."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else str(number)
    return str(value).strip()


def numbers(
    series: pd.Series[Any], written: Numerals = PLAIN, also_missing: Collection[str] = ()
) -> Numbers:
    """Returns the numbers of a column, (n_rows,), not-a-number where one is missing.

    Raises:
        ValueError: a cell is not a number; the message names its row from 1 and its text.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series.dtype):  # booleans too
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        coded = [float(text) for text in also_missing if PLAIN.number(text) is not None]
        return np.where(np.isin(values, coded), np.nan, values) if coded else values
    codes, texts = distinct(series, also_missing)
    read = [written.number(text) for text in texts]
    if None in read and written != PLAIN:  # numbers of a program, in place of the file's
        read = [PLAIN.number(text) if value is None else value
                for text, value in zip(texts, read, strict=True)]  # fmt: skip
    if None in read:
        wrong = read.index(None)
        row = int(np.flatnonzero(codes == wrong)[0]) + 1
        raise ValueError(f"row {row}: {texts[wrong]!r} is not a number")
    return np.array([*read, np.nan], dtype=np.float64)[codes]


def different(values: Numbers) -> int:
    """Returns how many different numbers there are; not-a-number is one."""
    import pandas as pd

    return len(pd.unique(values))


def codes(values: Numbers) -> NDArray[np.int64]:
    """Returns a number from 0 for each value, (n_rows,), equal for equal ones; -1 where missing."""
    import pandas as pd

    return pd.factorize(values)[0].astype(np.int64)


def middle(values: Numbers) -> float:
    """Returns the value in the middle of all in order: that of most of them, if one is."""
    return float(np.partition(values, len(values) // 2)[len(values) // 2])


# ---- dates ---------------------------------------------------------------------------------------

ISO = "ISO8601"
_DAYS = (
    "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d", "%m/%d/%y", "%d.%m.%y",
    "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%B %d, %Y", "%d %B %Y",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
DATE_FORMATS = (ISO, *(day + clock for day in _DAYS for clock in _CLOCKS))
COMPACT = "%Y%m%d"
COMPACT_RANGE = (19000101, 21001231)
CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?")
_DATE = re.compile(r"(?=.*\d)\d{1,4}[-/. ]|[A-Za-z]{3,9} \d{1,2}, \d{4}")


def date_format(texts: Collection[str]) -> str | None:
    """Returns how all these dates are written; None if they are not all dates."""
    sample = next(iter(texts), "")
    if not looks_like_date(sample):
        return None
    return next((form for form in DATE_FORMATS if days(list(texts), form) is not None), None)


def clock_format(texts: Collection[str]) -> str | None:
    """Returns how all these times of a day are written; None if they are not all such times."""
    if not texts or not all(_CLOCK.fullmatch(text) for text in texts):
        return None
    return next((form for form in CLOCKS if days(list(texts), form) is not None), None)


def looks_like_date(text: str) -> bool:
    """Returns whether a text could be a date, in whatever form."""
    return len(text) >= 6 and bool(_DATE.match(text)) and PLAIN.number(text) is None


def days(texts: list[str], form: str) -> Numbers | None:
    """Returns days since 1970 of dates, a clock's time as a fraction; None if one is no date."""
    import pandas as pd

    try:
        stamps = pd.to_datetime(pd.Series(texts, dtype=object), format=form, utc=True)
    except (ValueError, TypeError, OverflowError):
        return None
    epoch = pd.Timestamp("1970-01-01", tz="UTC")
    return np.asarray((stamps - epoch) / pd.Timedelta(days=1), dtype=np.float64)


def dates(series: pd.Series[Any], form: str, also_missing: Collection[str] = ()) -> Numbers:
    """Returns days since 1970, (n_rows,), not-a-number where a date is missing.

    Raises:
        ValueError: a cell is not such a date; the message names its row from 1 and its text.
    """
    codes, texts = distinct(series, also_missing)
    read = days(texts, form) if texts else np.empty(0)
    if read is None and form != ISO:
        read = days(texts, ISO)
    if read is None:
        wrong = next(i for i, text in enumerate(texts) if days([text], form) is None)
        row = int(np.flatnonzero(codes == wrong)[0]) + 1
        raise ValueError(f"row {row}: {texts[wrong]!r} is not a date such as the others")
    return np.append(read, np.nan)[codes]
