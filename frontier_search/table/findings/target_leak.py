"""A feature that holds the answer: the target itself, a function of it, or its class renamed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.cells import Numbers
from frontier_search.table.column import Column, looks_like_time
from frontier_search.table.finding import Found
from frontier_search.table.understanding import Understanding

MIN_ROWS = 20
LINE = 0.9999  # share of the target's variance that a line through a feature explains
CURVE = 0.998  # share of a feature's variance that neighbours in the target explain
MIN_OTHERS = 5  # rows of a feature that differ from its most frequent value
DIFFERENT = 10  # targets, below which an order of them says little


def find(table: Understanding) -> list[Found]:
    """Finds them; they stay in use until the user drops them."""
    if table.raw.image is not None:
        return []
    found: list[Found] = []
    for each in table.used:
        values = table.values[each.name]
        for place, name in enumerate(table.targets.names):
            y = table.targets.values
            target = y if y.ndim == 1 else y[:, place]
            reason = _reason(each, values, target, table)
            if reason:
                sentence = f"column {each.name!r} {reason} {name!r}: it gives the answer away"
                remedy = f"If it is not known before the prediction, give --drop {each.name}"
                found.append(((each.name,), None, sentence, remedy))
                break
    return found


def _reason(each: Column, values: Numbers, y: NDArray[np.float64], table: Understanding) -> str:
    known = ~np.isnan(values)
    if known.sum() < max(MIN_ROWS, 0.5 * len(values)):
        return ""
    v, y = values[known], np.asarray(y[known], dtype=np.float64)
    levels, counts = np.unique(v, return_counts=True)
    if len(levels) < 2 or len(v) - counts.max() < MIN_OTHERS:
        return ""
    if table.targets.task != "regression":
        pairs = len(np.unique(np.stack([v, y]), axis=1).T)
        classes = len(np.unique(y))
        if pairs != classes:
            return ""
        renamed = len(levels) == classes
        return "holds the classes, under other names, of" if renamed else "is a function of"
    if np.array_equal(v, y):
        return "equals the target"
    if looks_like_time(each.name) or each.type == "date" or len(np.unique(y)) < DIFFERENT:
        return ""
    if each.type == "category":
        runs = 1 + int((np.diff(v[np.argsort(y, kind="stable")]) != 0).sum())
        return "is a function of" if runs == len(levels) else ""
    if _explained_by_line(v, y) > LINE:
        return "is a multiple of"
    if len(table.used) == 1:  # of one feature the target may well be a function
        return ""
    monotone = any(_rises(sign * v, y) for sign in (1, -1))
    if monotone or (len(levels) > len(v) / 2 and _explained_by_neighbours(v, y) > CURVE):
        return "is a function of"
    return ""


def _explained_by_line(v: Numbers, y: Numbers) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        v, y = v - v.mean(), y - y.mean()
        size = float((v @ v) * (y @ y))
        share = float(v @ y) ** 2 / size if 0 < size < np.inf else 0.0
    return share if np.isfinite(share) else 0.0


def _rises(v: Numbers, y: Numbers) -> bool:
    """Whether a larger target never has a smaller feature."""
    return bool((np.diff(v[np.lexsort((v, y))]) >= 0).all())


def _explained_by_neighbours(v: Numbers, y: Numbers) -> float:
    ordered = v[np.argsort(y, kind="stable")]
    between = (ordered[:-2] + ordered[2:]) / 2
    with np.errstate(over="ignore", invalid="ignore"):
        rest = float(((ordered[1:-1] - between) ** 2).sum())
        all_of_it = float(((ordered - ordered.mean()) ** 2).sum())
    return 1 - rest / all_of_it if 0 < all_of_it < np.inf else 0.0
