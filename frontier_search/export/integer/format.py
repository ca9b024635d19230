"""The formats of numbers, and the integer arithmetic that numpy and C share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]

TANH_FRACTION, TANH_END, STEP = 12, 6, 256  # of what tanh is taken of; 256 / 2^12 = 1/16
TANH_TABLE = np.round(32767 * np.tanh(np.arange(97) / 16)).astype(np.int64)


@dataclass(frozen=True)
class Format:
    """Integers of a number of bits, symmetric about 0."""

    name: str
    bits: int

    @property
    def most(self) -> int:
        return int(2 ** (self.bits - 1) - 1)

    @property
    def coarser(self) -> int:
        """How many bits fewer than 16 a number has."""
        return 16 - self.bits


FORMATS = {each.name: each for each in (Format("int8", 8), Format("int16", 16))}


def shifted(s: Whole, shift: int) -> Whole:
    """Returns s / 2^shift, rounded half up."""
    return (s + (1 << (shift - 1))) >> shift if shift > 0 else s * (1 << -shift)


def tanh(v: Whole) -> Whole:
    """Returns tanh(v / 2^12) 2^15, to within 40 / 2^15."""
    size = np.abs(v)
    inside = np.minimum(size, TANH_END * 2**TANH_FRACTION - 1)
    at = inside // STEP
    low, high = TANH_TABLE[at], TANH_TABLE[np.minimum(at + 1, 96)]
    found = low + (((high - low) * (inside % STEP) + 128) >> 8)
    found = np.where(size < TANH_END * 2**TANH_FRACTION, found, 32767)
    return np.where(v < 0, -found, found)


def sigmoid(v: Whole) -> Whole:
    """Returns 2^15 / (1 + exp(-v / 2^12)), to within 21 / 2^15."""
    return (32768 + tanh(v >> 1)) >> 1


def upper(v: Whole, form: Format) -> Whole:
    """Returns numbers of the format as the upper bits of 16."""
    return v * (1 << form.coarser)


def coarser(v: Whole, form: Format) -> Whole:
    """Returns numbers of 2^-15 in the format's own fraction."""
    return np.minimum(shifted(v, form.coarser), form.most)


def quantised(x: NDArray[np.float32], fraction: int, form: Format) -> Whole:
    """Returns x 2^fraction, rounded half away from zero, between -most and most."""
    sizes = np.minimum(np.floor(np.abs(x.astype(np.float64)) * 2.0**fraction + 0.5), form.most)
    return np.where(np.signbit(x), -sizes, sizes).astype(np.int64)
