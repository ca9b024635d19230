"""A feature that holds the answer: the target itself, a function of it, or its class renamed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.cells import Numbers
from frontier_search.table.column import Column, looks_like_time
from frontier_search.table.finding import Found, flag_of
from frontier_search.table.understanding import Understanding

MIN_ROWS = 20
LINE = 0.9999  # share of the target's variance that a line through a feature explains
CURVE = 0.998  # share of a feature's variance that neighbours in the target explain
MIN_OTHERS = 5  # rows of a feature that differ from its most frequent value
ROWS_A_LEVEL = 5  # on average, for levels that say the class
WRONG = 0.02  # of the rows that are not in the largest class, for levels that nearly say the class
MAX_COUNTS = 10_000_000  # levels times classes
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
                drop = flag_of("drop", each.name)
                remedy = f"If it is not known before the prediction, give {drop}"
                found.append(((each.name,), None, sentence, remedy))
                break
    return found


def _reason(each: Column, values: Numbers, y: NDArray[np.float64], table: Understanding) -> str:
    known = ~np.isnan(values)
    if table.targets.task != "regression" and _tells_by_absence(known, y):
        return "is missing in all rows of some classes and in no other row, of"
    if known.sum() < max(MIN_ROWS, 0.5 * len(values)):
        return ""
    v, y = values[known], np.asarray(y[known], dtype=np.float64)
    levels, counts = np.unique(v, return_counts=True)
    if len(levels) < 2 or len(v) - counts.max() < MIN_OTHERS:
        return ""
    if table.targets.task != "regression":
        return _reason_of_classes(each, v, y, table)
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


def _reason_of_classes(
    each: Column, v: Numbers, y: NDArray[np.float64], table: Understanding
) -> str:
    levels, of_level = np.unique(v, return_inverse=True)
    classes, of_class = np.unique(y, return_inverse=True)
    counts = np.zeros((len(levels), len(classes)), dtype=np.int64)
    if counts.size <= MAX_COUNTS:
        np.add.at(counts, (of_level, of_class), 1)
        if (np.count_nonzero(counts, axis=0) == 1).all():
            renamed = len(levels) == len(classes)
            return "holds the classes, under other names, of" if renamed else "is a function of"
    if table.options.rules < 3 or len(table.used) == 1 or each.name in table.groups:
        return ""
    if counts.any() and len(levels) <= len(v) / ROWS_A_LEVEL:
        wrong = len(v) - int(counts.max(axis=1).sum())
        usual = int(counts.sum(axis=0).max())
        if wrong <= WRONG * (len(v) - usual):
            rows = f", but for {wrong} row{'s' * (wrong > 1)}," if wrong else ""
            return f"says the class{rows} of"
    if each.type == "category" or len(classes) > 2 or len(np.unique(of_class[of_level == 0])) > 1:
        return ""
    order = np.argsort(v, kind="stable")
    changes = np.flatnonzero(np.diff(of_class[order]))
    apart = len(changes) == 1 and v[order][changes[0]] < v[order][changes[0] + 1]
    return "is on one side of a number for each class of" if apart else ""


def _tells_by_absence(known: NDArray[np.bool_], y: NDArray[np.float64]) -> bool:
    """Whether a feature is missing exactly in the rows of some classes."""
    if min(known.sum(), (~known).sum()) < MIN_OTHERS:
        return False
    return not np.intersect1d(y[known], y[~known]).size


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
