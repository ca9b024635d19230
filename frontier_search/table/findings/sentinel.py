"""A number that stands for a missing value, such as -999."""

from __future__ import annotations

import numpy as np

from frontier_search.table.cells import Numbers
from frontier_search.table.coding import usual_values
from frontier_search.table.finding import Found
from frontier_search.table.understanding import Understanding

LEAST = 3  # rows with the value
SHARE = 0.005  # of the rows
DISTINCT = 5  # other values
FAR = 1.0  # ranges of the other values between them and the value
NEAR = 0.2  # the same, for a value that often stands for a missing one
CODES = frozenset({0, -1, -9, 9, -99, 99, -999, 999, -9999, 9999, -99999, 99999, -32768, 32767})


def find(table: Understanding) -> list[Found]:
    """Finds them; they stay numbers until the user says that they are missing."""
    if table.raw.image is not None or table.pixels:
        return []
    found: list[Found] = []
    numbers = {each.name: table.values[each.name] for each in table.used if each.type == "number"}
    if table.targets.task == "regression":
        numbers |= dict(zip(table.targets.names, table.targets.values.T, strict=True))
    for name, values in numbers.items():
        for value in (_sentinel(values, -1), _sentinel(values, 1)):
            if value is None:
                continue
            rows = values == value
            count = int(rows.sum())
            sentence = (
                f"column {name!r} is {value:g} in {count} rows, far from all other values: it may "
                "stand for a missing value"
            )
            remedy = f"Read it as missing with --missing {name}={value:g}"
            found.append(((name,), rows, sentence, remedy))
    return found


def _sentinel(values: Numbers, side: int) -> float | None:
    """Returns the smallest (side -1) or largest (1) number if it seems to be one, or None."""
    given = values[~np.isnan(values)]
    if not len(given):
        return None
    value = float(given.max() if side > 0 else given.min())
    if not usual_values(given)[given == value].all():  # an extreme value, which is found as such
        return None
    others = given[given != value]
    count = len(given) - len(others)
    if count < max(LEAST, SHARE * len(given)) or len(np.unique(others)) < DISTINCT:
        return None
    others = others[usual_values(others)]
    span = float(others.max() - others.min())
    gap = float(value - others.max() if side > 0 else others.min() - value)
    if gap > FAR * span or (value in CODES and gap > NEAR * span):
        return value
    only_negative = value < 0 <= others.min() and value in CODES
    return value if only_negative and len(np.unique(others)) >= 2 * DISTINCT else None
