"""Columns that say the same: equal ones, and those in other units or under other names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.cells import Numbers
from frontier_search.table.column import Column

DIGITS = 8  # of standardised numbers that agree
FEW = 20  # different values, up to which other names are looked for
ROWS = 10  # of each value, on average

Copy = tuple[str, str, bool]  # the copy, the original, and whether they are equal


def find(used: Sequence[Column], values: Mapping[str, Numbers]) -> tuple[Copy, ...]:
    """Returns every column that repeats one before it.

    Args:
        used: features, in the order of the table.
        values: what their codings read, (n_rows,) each.
    """
    equal: dict[bytes, str] = {}
    same: dict[bytes, str] = {}
    copies: list[Copy] = []
    for each in used:
        read = values[each.name]
        exact = _digest(read, repr(each.levels))
        named = _names(read) if each.values <= FEW else b""
        keys = [key for key in (named, _line(read)) if key]
        if exact in equal:
            copies.append((each.name, equal[exact], True))
            continue
        original = next((same[key] for key in keys if key in same), None)
        if original is not None:
            copies.append((each.name, original, False))
        equal[exact] = each.name
        for key in keys:
            same.setdefault(key, each.name)
    return tuple(copies)


def _names(read: Numbers) -> bytes:
    """Returns the same for columns that differ in the names of their values; empty if too many."""
    levels, first, codes = np.unique(read, return_index=True, return_inverse=True)
    if len(levels) > min(FEW, len(read) / ROWS):
        return b""
    order = np.empty(len(levels), dtype=np.int8)
    order[np.argsort(first)] = np.arange(len(levels))
    return _digest(order[codes], "names")


def _line(read: Numbers) -> bytes:
    """Returns the same for columns that differ in zero, sign and unit; empty if there is none."""
    known = read[~np.isnan(read)]
    if not len(known) or np.abs(known).max() > 1e100:
        return b""
    deviation = float(known.std())
    if deviation <= 1e-9 * max(1e-300, float(np.abs(known).max())):
        return b""
    scaled = (read - known.mean()) / deviation
    scaled *= np.sign(scaled[np.nanargmax(np.abs(scaled))])
    return _digest(np.round(scaled, DIGITS - 2) + 0.0, "line")


def _digest(values: NDArray[Any], kind: str) -> bytes:
    """Returns the same for equal arrays of a kind, and in no other case."""
    hashed = hashlib.blake2b(kind.encode())
    hashed.update(np.ascontiguousarray(values).data)
    return hashed.digest()
