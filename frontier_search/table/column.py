"""What one column of a table is: its type, its levels, and how its cells are written.

It is decided from all rows, so that the number of a model's inputs is known before training and
equal for all seeds. What is fitted, such as a median, comes from training rows only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from frontier_search.table import cells
from frontier_search.table.cells import Numbers, Numerals
from frontier_search.table.coding import (
    CategoryCoding,
    Coding,
    DateCoding,
    NumberCoding,
    Scale,
)

ColumnType = Literal["number", "category", "boolean", "date", "text", "identifier", "constant"]
CODED = ("number", "category", "boolean", "date")  # the types that a model sees


_KEY = re.compile(
    r"(?:^|[\s_.-])(?:id|ids|idx|index|uid|uuid|guid|key|nr|no|rowid|row|rownum|rownames)$|^unnamed"
)
_CAMEL = re.compile(r"[a-z](?:Id|ID|Index|Key|Nr|No)$")
_WHEN = re.compile(
    r"(?:^|[\s_.-])(?:t|time|times|date|datetime|timestamp|when|ts|year|month|week|day|days|hour|minute|"
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
