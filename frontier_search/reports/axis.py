"""The axes of a figure: which objectives are drawn, their titles, their scale and their range."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from frontier_search.frontier.frontier import Spread
from frontier_search.objective import OBJECTIVES, Objective

Split = Literal["val", "test"]
SPLIT_NAMES = {"val": "validation", "test": "test"}

LOG_FROM = 5.0  # a measured axis is logarithmic if its values span more than this factor
# The axis ends at best + ROOM_ABOVE * (median - best), in logarithms on a logarithmic axis. A note
# counts the points beyond it.
ROOM_ABOVE = 4.0


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        objective: what it shows.
        label: its title, with the unit.
        log: whether it is logarithmic.
    """

    objective: Objective
    label: str
    log: bool

    @staticmethod
    def of(objective: Objective, split: Split, unit: str, values: Sequence[float]) -> Axis:
        """Returns the axis of an objective.

        Args:
            unit: of the dataset's loss; empty if it is not known.
            values: what is drawn on it.
        """
        if objective.known:
            return Axis(objective, objective.label, objective.log and min(values) > 0)
        shown = unit if objective.unit == "task loss" else objective.unit
        words = (
            f"{SPLIT_NAMES[split]} {objective.label}" if objective.has_splits else objective.label
        )
        note = ", members chosen on validation" if split == "test" else ""
        label = f"{words} ({shown}{note})" if shown or note else words
        wide = min(values) > 0 and max(values) > LOG_FROM * min(values)
        return Axis(
            objective,
            label,
            objective.log or (objective.direction == "minimise" and wide),
        )

    def scaled(self, value: float) -> float:
        """Returns where a value lies along the axis: its log10 on a logarithmic one."""
        return math.log10(value) if self.log else value

    def value(self, scaled: float) -> float:
        """Returns the inverse of ``scaled``."""
        return 10.0**scaled if self.log else scaled


def axes(objectives: Sequence[Objective]) -> tuple[Objective, Objective]:
    """Returns the objectives that are drawn to the right (x) and upwards (y).

    x is the first objective that is known before training, or the second measured one, or params.
    y is the first measured one, or loss.
    """
    measured = [objective for objective in objectives if not objective.known]
    known = [objective for objective in objectives if objective.known]
    y = measured[0] if measured else OBJECTIVES["loss"]
    x = known[0] if known else measured[1] if len(measured) > 1 else OBJECTIVES["params"]
    return x, y


def pairs(objectives: Sequence[Objective]) -> list[tuple[Objective, Objective]]:
    """Returns what the panels of a figure show, (x, y) each: every pair of three or more.

    The first pair is that of ``axes``.
    """
    first = axes(objectives)
    if len(objectives) < 3:
        return [first]
    found = [first]
    for one, other in combinations(objectives, 2):
        x, y = (one, other) if one.known and not other.known else (other, one)
        if {x.name, y.name} != {first[0].name, first[1].name}:
            found.append((x, y))
    return found


def upward_range(
    axis: Axis, drawn: Sequence[Spread], kept: Sequence[Spread], marks: Iterable[float]
) -> tuple[float, float]:
    """Returns where an upward axis begins and ends.

    It ends early if a few bad trials would flatten the rest. It never begins below zero if no value
    is below zero.

    Args:
        drawn: of all points.
        kept: of the points that must be visible, with their bars.
        marks: other values that must be visible.
    """
    values = np.array([axis.scaled(spread.mean) for spread in drawn])
    ends = [end for spread in kept for end in bar(spread, axis)]
    inside = [axis.scaled(value) for value in [*ends, *marks]]
    low, high = min([*values, *inside]), max([*values, *inside])
    if axis.objective.direction == "minimise":
        reach = values.min() + ROOM_ABOVE * (float(np.median(values)) - values.min())
        high = min(high, max(reach, float(np.quantile(values, 0.9)), *inside))
    room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    begin = low - room
    if not axis.log and min(spread.mean for spread in drawn) >= 0:
        begin = max(0.0, begin)
    return axis.value(begin), axis.value(high + room)


def bar(spread: Spread, axis: Axis) -> tuple[float, float]:
    """Returns the ends of an error bar: one standard error to each side, never below zero.

    Both are the mean where the error is unknown.
    """
    error = 0.0 if math.isnan(spread.standard_error) else spread.standard_error
    low = spread.mean - error
    if spread.mean >= 0 and low <= 0:  # on a logarithmic axis zero is infinitely far away
        low = spread.mean / 2 if axis.log else 0.0
    return low, spread.mean + error
