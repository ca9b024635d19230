"""How one column of raw rows becomes inputs of a model.

A coding is numbers and words only, so that it can be written as JSON and repeated in any language.
Its arithmetic is float64 in the order that ``Scale`` states; the result is rounded to float32 once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.cells import Numbers, Numerals, dates, distinct, numbers

if TYPE_CHECKING:
    import pandas as pd

CLIPPED_SPANS = 1.0  # a value may lie this many ranges of the training rows outside of that range
DEVIATIONS = 20.0  # the training rows lie within this many units of their centre
FAR = 1e6  # robust deviations; farther values decide neither centre nor scale
LARGEST = float(np.finfo(np.float32).max)
WHITE = 255.0  # the largest pixel

PARTS = ("elapsed", "month", "day", "weekday", "hour")  # of a date
_PERIODS = {"month": (6.5, 3.45), "day": (16.0, 8.94), "weekday": (3.0, 2.0), "hour": (11.5, 6.92)}


@dataclass(frozen=True)
class Scale:
    """Shifts and scales numbers: ``(min(max(v, low), high) - centre) / scale``, in this order.

    Attributes:
        fill: v where the value is missing.
        low, high: the range outside of which values are clipped.
        centre, scale: of the training rows.
    """

    fill: float
    low: float
    high: float
    centre: float
    scale: float

    def apply(self, values: Numbers) -> NDArray[np.float32]:
        """Returns float32 of the shape of ``values``, where not-a-number is missing."""
        filled = np.where(np.isnan(values), self.fill, values)
        clipped = np.minimum(np.maximum(filled, self.low), self.high)
        return ((clipped - self.centre) / self.scale).astype(np.float32)

    @staticmethod
    def fit(values: Numbers) -> Scale:
        """Returns the scale of the values of training rows, not-a-number where one is missing.

        Missing values become the median. The scale is the standard deviation, but at least a part
        of the range: a column that is constant but for a few rows would otherwise give those rows
        thousands of deviations. Values far beyond all others decide nothing, and are clipped.
        """
        given = values[~np.isnan(values)]
        if not len(given):
            return Scale(0.0, 0.0, 0.0, 0.0, 1.0)
        usual = given[usual_values(given)]
        fill, low, high = float(np.median(given)), float(usual.min()), float(usual.max())
        span = high - low
        if span == 0.0:
            return Scale(low, low, low, low, 1.0)
        limits = Scale(fill, low - CLIPPED_SPANS * span, high + CLIPPED_SPANS * span, 0.0, 1.0)
        filled = np.where(np.isnan(values), fill, values)
        seen = np.minimum(np.maximum(filled, limits.low), limits.high)
        with np.errstate(over="ignore"):
            deviation = float(seen.std())
        if not np.isfinite(deviation):  # the squares are beyond 64 bits
            deviation = float((seen / span).std()) * span
        deviation = max(deviation, span / DEVIATIONS)
        return Scale(fill, limits.low, limits.high, float(seen.mean()), deviation)


def usual_values(values: Numbers) -> NDArray[np.bool_]:
    """Returns which values are within float32 and a million robust deviations of the median.

    Args:
        values: without not-a-number, at least one.
    """
    middle = np.median(values)
    quarters = np.quantile(values, [0.25, 0.75])
    spread = (quarters[1] - quarters[0]) / 1.349
    if spread == 0.0:  # most rows are equal: the spread of the others that are not extreme
        inner = values[np.abs(values) <= LARGEST]
        tails = np.quantile(inner, [0.02, 0.98]) if len(inner) else quarters
        spread = tails[1] - tails[0]
    usual = np.abs(values) <= LARGEST / 4  # a range of such values is within float32
    if np.median(np.abs(values)) > LARGEST / 4:  # most are beyond, and are scaled in 64 bits
        usual = np.isfinite(values)
    if spread > 0.0:
        usual &= np.abs(values - middle) <= FAR * spread
    return usual if usual.any() else np.ones(len(values), dtype=np.bool_)


@dataclass(frozen=True)
class NumberCoding:
    """A number, shifted and scaled; and whether it is missing, if ``indicator``."""

    kind: ClassVar[str] = "number"
    name: str
    written: Numerals
    scale: Scale
    indicator: bool = False
    missing: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, f"{self.name} is missing") if self.indicator else (self.name,)

    @property
    def input_type(self) -> str:
        return "double" if self.written == Numerals() else "string"

    def read(self, series: pd.Series[Any]) -> Numbers:
        """Returns the column's numbers, (n_rows,); raises ValueError as ``cells.numbers``."""
        return numbers(series, self.written, self.missing)

    def encode(self, values: Numbers) -> NDArray[np.float32]:
        """Returns (n_rows, width) of what ``read`` returned."""
        scaled = self.scale.apply(values)
        if not self.indicator:
            return scaled[:, None]
        return np.stack([scaled, np.isnan(values).astype(np.float32)], axis=1)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> NumberCoding:
        return NumberCoding(
            data["name"],
            Numerals(**data["written"]),
            Scale(**data["scale"]),
            data["indicator"],
            tuple(data["missing"]),
        )


@dataclass(frozen=True)
class CategoryCoding:
    """One of some levels. Two are one input, -1 or 1; more are one input each, 0 or 1.

    A missing or unknown level is 0 in all of them.

    Attributes:
        levels: as texts.
        grouped: rare levels, which share one more input.
        any_case: whether letters' case says nothing, as in yes and YES.
    """

    kind: ClassVar[str] = "category"
    name: str
    levels: tuple[str, ...]
    grouped: tuple[str, ...] = ()
    any_case: bool = False
    missing: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        if len(self.levels) == 2 and not self.grouped:
            return (f"{self.name} = {self.levels[1]}",)
        others = ("another of its levels",) if self.grouped else ()
        return tuple(f"{self.name} = {level}" for level in (*self.levels, *others))

    @property
    def input_type(self) -> str:
        return "string"

    def read(self, series: pd.Series[Any]) -> Numbers:
        """Returns the position of each row's level, (n_rows,); not-a-number if there is none."""
        codes, texts = distinct(series, self.missing, self.known)
        return np.append(self.positions(texts), np.nan)[codes]

    @property
    def known(self) -> tuple[str, ...]:
        """All levels."""
        return (*self.levels, *self.grouped)

    def positions(self, texts: Sequence[str]) -> Numbers:
        """Returns the position of the level of each text, (n_texts,); not-a-number for others."""
        key = str.casefold if self.any_case else str
        places = {key(level): float(place) for place, level in enumerate(self.levels)}
        places |= dict.fromkeys(map(key, self.grouped), float(len(self.levels)))
        return np.array([places.get(key(text), np.nan) for text in texts], dtype=np.float64)

    def encode(self, values: Numbers) -> NDArray[np.float32]:
        """Returns (n_rows, width) of what ``read`` returned."""
        if len(self.names) == 1:
            signs = np.where(np.isnan(values), 0.0, 2.0 * values - 1.0)
            return np.asarray(signs[:, None], dtype=np.float32)
        hits = values[:, None] == np.arange(len(self.names))
        return np.asarray(hits, dtype=np.float32)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> CategoryCoding:
        return CategoryCoding(
            data["name"],
            tuple(data["levels"]),
            tuple(data["grouped"]),
            data["any_case"],
            tuple(data["missing"]),
        )


@dataclass(frozen=True)
class DateCoding:
    """The parts of a date, of ``PARTS``, each a scaled number.

    Attributes:
        written: the format of ``datetime.strptime``, or ``ISO8601``.
        elapsed: of the days since 1970.
    """

    kind: ClassVar[str] = "date"
    name: str
    written: str
    parts: tuple[str, ...]
    elapsed: Scale
    missing: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.name}: {part}" for part in self.parts)

    @property
    def input_type(self) -> str:
        return "string"

    def read(self, series: pd.Series[Any]) -> Numbers:
        """Returns days since 1970, (n_rows,); raises ValueError as ``cells.dates``."""
        return dates(series, self.written, self.missing)

    def encode(self, values: Numbers) -> NDArray[np.float32]:
        """Returns (n_rows, width) of what ``read`` returned."""
        columns = [
            self.elapsed.apply(values)
            if part == "elapsed"
            else periodic(part).apply(date_part(values, part))
            for part in self.parts
        ]
        return np.stack(columns, axis=1)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> DateCoding:
        return DateCoding(
            data["name"],
            data["written"],
            tuple(data["parts"]),
            Scale(**data["elapsed"]),
            tuple(data["missing"]),
        )


def periodic(part: str) -> Scale:
    """Returns the scale of a part of dates that recurs."""
    centre, scale = _PERIODS[part]
    return Scale(centre, -np.inf, np.inf, centre, scale)


def date_part(values: Numbers, part: str) -> Numbers:
    """Returns a part of dates, which are days since 1970; not-a-number where one is missing."""
    if part == "elapsed":
        return values
    known = ~np.isnan(values)
    found = np.full(len(values), np.nan)
    days = np.floor(values[known])
    if part == "hour":
        found[known] = np.floor((values[known] - days) * 24.0 + 1e-6)
    elif part == "weekday":  # 1 January 1970 was a Thursday
        found[known] = (days + 3.0) % 7.0
    else:
        stamps = days.astype("datetime64[D]")
        months = stamps.astype("datetime64[M]")
        found[known] = (
            (months - stamps.astype("datetime64[Y]")).astype(float) + 1.0
            if part == "month"
            else (stamps - months.astype("datetime64[D]")).astype(float) + 1.0
        )
    return found


Coding = NumberCoding | CategoryCoding | DateCoding
CODINGS: dict[str, type[Coding]] = {
    coding.kind: coding for coding in (NumberCoding, CategoryCoding, DateCoding)
}


def to_json(coding: Coding) -> dict[str, Any]:
    return {"kind": coding.kind, **asdict(coding)}


def from_json(data: Mapping[str, Any]) -> Coding:
    return CODINGS[data["kind"]].from_json(data)
