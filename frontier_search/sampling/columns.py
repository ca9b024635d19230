"""Candidates as rows of numbers, for a model of their losses.

One column holds one parameter *name*, whatever the family, because a learning rate means much the
same everywhere. A column runs from 0 to 1: on a logarithmic scale where the values span a factor of
eight or more. Each word of a parameter of words has a column of its own, 0 or 1. A family without
the parameter stands at 0.5. The last columns hold log10 of the known objectives.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.space import Choice, Parameter, SearchSpace, Value
from frontier_search.trial import Candidate

Array = NDArray[np.float64]

FACTOR = 8.0  # a range that spans it is logarithmic
ABSENT = 0.5


@dataclass(frozen=True)
class _Number:
    """A parameter of numbers, from ``low`` to ``high`` over all families."""

    low: float
    high: float
    log: bool

    def of(self, value: Value) -> float:
        if not is_number(value):
            return ABSENT
        if self.log:
            return math.log(float(value) / self.low) / math.log(self.high / self.low)
        return (float(value) - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class _Rank:
    """A parameter of listed numbers that has no logarithmic scale, such as 0, 0.01, 0.1."""

    values: tuple[float, ...]

    def of(self, value: Value) -> float:
        if not is_number(value):
            return ABSENT
        return self.values.index(float(value)) / (len(self.values) - 1)


@dataclass(frozen=True)
class _Word:
    """Whether a parameter has one of its words."""

    word: Value

    def of(self, value: Value) -> float:
        return float(not is_number(value) and value == self.word)


Column = _Number | _Rank | _Word


class Columns:
    """The columns of a search.

    Args:
        spaces: family -> space.

    Attributes:
        families: their names; a family's number is its position.
    """

    def __init__(self, spaces: Mapping[str, SearchSpace]) -> None:
        self.families = tuple(spaces)
        by_name: dict[str, list[Parameter]] = {}
        for space in spaces.values():
            for name, parameter in space:
                by_name.setdefault(name, []).append(parameter)
        self._columns: list[tuple[str, Column]] = [
            (name, column) for name, group in by_name.items() for column in _columns(group)
        ]

    def rows(self, candidates: Sequence[Candidate]) -> Array:
        """Returns one row a candidate, (n, columns), without the known objectives."""
        found = np.full((len(candidates), len(self._columns)), ABSENT)
        for row, candidate in zip(found, candidates, strict=True):
            values = candidate.hyperparameters
            for j, (name, column) in enumerate(self._columns):
                if name in values:
                    row[j] = column.of(values[name])
        return found

    def family_numbers(self, candidates: Sequence[Candidate]) -> NDArray[np.int64]:
        """Returns the number of each candidate's family, (n,)."""
        numbers = {name: i for i, name in enumerate(self.families)}
        return np.array([numbers[candidate.family] for candidate in candidates], dtype=np.int64)


def is_number(value: Value | None) -> bool:
    """Returns whether a value has an order: true and false are words."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _columns(group: Sequence[Parameter]) -> list[Column]:
    """Returns the columns of the parameters of one name. A parameter of one value needs none."""
    values = list(dict.fromkeys(value for each in group for value in each.extent()))
    numbers = sorted({float(value) for value in values if is_number(value)})
    words = [value for value in values if not is_number(value)]
    columns: list[Column] = [_Word(word) for word in words] if len(values) > 1 else []
    if len(numbers) > 1:
        low, high = numbers[0], numbers[-1]
        declared = any(not isinstance(each, Choice) and each.log for each in group)
        log = low > 0 and (declared or high >= FACTOR * low)
        listed = all(isinstance(each, Choice) for each in group)
        by_rank = listed and not log and low <= 0
        columns.append(_Rank(tuple(numbers)) if by_rank else _Number(low, high, log))
    return columns
