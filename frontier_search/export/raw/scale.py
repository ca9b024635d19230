"""How the C scales raw numbers: in float32, and the same arithmetic in numpy.

Most columns lose nothing that a model could see. Where a column's numbers are large beside their
spread (a year, the price of a house), the C takes them in float64, and their centre is subtracted
there; float32 does the rest. So is it with dates.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.table.coding import (
    Coding,
    DateCoding,
    NumberCoding,
    Scale,
    date_part,
    periodic,
)
from frontier_search.table.preprocessing import Preprocessing, Target

LARGEST = 1e30  # the spread of a column
FAR = 100.0  # deviations from zero; float32 then errs by up to 6e-6 of a deviation


@dataclass(frozen=True)
class NarrowScale(Scale):
    """A scale of float32 numbers."""

    def apply(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Returns float32 of the shape of ``values``, where not-a-number is missing."""
        with np.errstate(over="ignore"):
            narrow = values.astype(np.float32)
            fill, low, high, centre, scale = np.array(astuple(self)).astype(np.float32)
        filled = np.where(np.isnan(narrow), fill, narrow)
        clipped = np.minimum(np.maximum(filled, low), high)
        return np.asarray((clipped - centre) / scale)


@dataclass(frozen=True)
class WideScale(Scale):
    """A scale of float64 numbers, of which ``shifted`` does all but the shift."""

    @property
    def shifted(self) -> NarrowScale:
        limits = (self.fill - self.centre, self.low - self.centre, self.high - self.centre)
        return NarrowScale(*limits, 0.0, self.scale)

    def apply(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Returns float32 of the shape of ``values``, where not-a-number is missing."""
        return self.shifted.apply(values - self.centre)


@dataclass(frozen=True)
class NarrowDate(DateCoding):
    """The parts of a date, scaled in float32."""

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Returns (n_rows, width) of what ``read`` returned."""
        columns = [
            self.elapsed.apply(values)
            if part == "elapsed"
            else NarrowScale(*astuple(periodic(part))).apply(date_part(values, part))
            for part in self.parts
        ]
        return np.stack(columns, axis=1)


def narrow(*numbers: float, scale: float) -> bool:
    """Returns whether float32 keeps such numbers apart well enough."""
    return max(map(abs, numbers)) <= FAR * scale


def narrowed(preprocessing: Preprocessing) -> Preprocessing:
    """Returns the preprocessing as the C does it: the reference of its inputs.

    Raises:
        SpecError: the spread of a column is beyond float32.
    """
    return Preprocessing(tuple(map(_narrowed, preprocessing.codings)), preprocessing.target)


def _narrowed(each: Coding) -> Coding:
    if isinstance(each, NumberCoding):
        numbers = astuple(each.scale)
        if not 1 / LARGEST < each.scale.scale < LARGEST:
            raise SpecError(
                f"column {each.name!r} has a spread of {each.scale.scale:g}, which "
                "float32 does not hold, so the model cannot be written as C; change its unit."
            )
        kind = NarrowScale if narrow(*numbers, scale=each.scale.scale) else WideScale
        return replace(each, scale=kind(*numbers))
    if isinstance(each, DateCoding):
        elapsed = WideScale(*astuple(each.elapsed))
        return NarrowDate(each.name, each.written, each.parts, elapsed, each.missing)
    return each


def narrow_target(target: Target) -> bool:
    """Returns whether float32 is enough for the answers of a regression."""
    return all(narrow(c, scale=s) for c, s in zip(target.centre, target.scale, strict=True))
