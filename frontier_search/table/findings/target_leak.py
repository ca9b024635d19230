"""A feature that holds the answer: the target itself, a function of it, or its class renamed."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.cells import Numbers, codes, different, middle
from frontier_search.table.column import Column, looks_like_time
from frontier_search.table.finding import Found, flag_of
from frontier_search.table.understanding import Understanding

MIN_ROWS = 20
LINE = 0.9999  # share of the target's variance that a line through a feature explains
CURVE = 0.998  # share of a feature's variance that neighbours in the target explain
MIN_OTHERS = 5  # rows of a feature that differ from its most frequent value
ROWS_A_LEVEL = 5  # on average, for levels that say the class
WRONG = 0.02  # of the rows that are not in the largest class, for levels that nearly say the class
SOME = 2000  # rows
MAX_COUNTS = 10_000_000  # levels times classes
DIFFERENT = 10  # targets, below which an order of them says little


def find(table: Understanding) -> list[Found]:
    """Finds them; they stay in use until the user drops them."""
    if table.raw.placed:
        return []
    found: list[Found] = []
    y = table.targets.values
    answers = [_Answer(y)] if y.ndim == 1 else [_Answer(each) for each in y.T]
    for each in table.used:
        values = table.values[each.name]
        for answer, name in zip(answers, table.targets.names, strict=True):
            reason = _reason(each, values, answer, table)
            if reason:
                sentence = f"column {each.name!r} {reason} {name!r}: it gives the answer away"
                drop = flag_of("drop", each.name)
                remedy = f"If it is not known before the prediction, give {drop}"
                found.append(((each.name,), None, sentence, remedy))
                break
    return found


class _Answer:
    """A target, and what is found of it once for all features.

    Attributes:
        y: class numbers or numbers, (n_rows,).
    """

    def __init__(self, y: NDArray[Any]) -> None:
        self.y = y

    @functools.cached_property
    def order(self) -> NDArray[np.intp]:
        return np.argsort(self.y, kind="stable")

    @functools.cached_property
    def is_varied(self) -> bool:
        return different(self.y) >= DIFFERENT


def _reason(each: Column, values: Numbers, answer: _Answer, table: Understanding) -> str:
    known, y = ~np.isnan(values), answer.y
    if table.targets.task != "regression" and _tells_by_absence(known, y):
        return "is missing in all rows of some classes and in no other row, of"
    if known.sum() < max(MIN_ROWS, 0.5 * len(values)):
        return ""
    v, y = values[known], np.asarray(y[known], dtype=np.float64)
    if len(v) - int((v == middle(v)).sum()) < MIN_OTHERS:  # a most frequent value is the middle
        return ""
    if table.targets.task != "regression":
        return _reason_of_classes(each, v, y.astype(np.int64), table)
    if np.array_equal(v, y):
        return "equals the target"
    if looks_like_time(each.name) or each.type == "date" or not answer.is_varied:
        return ""
    if each.type == "category":
        runs = 1 + int((np.diff(v[np.argsort(y, kind="stable")]) != 0).sum())
        return "is a function of" if runs == different(v) else ""
    if _explained_by_line(v, y) > LINE:
        return "is a multiple of"
    if len(table.used) == 1:  # of one feature the target may well be a function
        return ""
    if _rises(v, y) or _rises(-v, y):
        return "is a function of"
    if each.values <= len(v) / 2:
        return ""
    ordered = values[answer.order]
    share = _explained_by_neighbours(ordered[~np.isnan(ordered)])
    return "is a function of" if share > CURVE else ""


def _reason_of_classes(each: Column, v: Numbers, y: NDArray[np.int64], table: Understanding) -> str:
    classes, first = np.unique(y, return_index=True)
    of_class = np.zeros(int(y.max()) + 1)
    of_class[classes] = v[first]
    if np.array_equal(v, of_class[y]):
        renamed = different(v[first]) == len(classes)
        return "holds the classes, under other names, of" if renamed else "is a function of"
    if table.options.rules < 3 or len(table.used) == 1 or each.name in table.groups:
        return ""
    if each.values <= len(v) / ROWS_A_LEVEL and each.values * len(of_class) < MAX_COUNTS:
        level = codes(v)
        levels = int(level.max()) + 1
        pairs = level * len(of_class) + y
        counts = np.bincount(pairs, minlength=levels * len(of_class)).reshape(levels, -1)
        wrong = len(v) - int(counts.max(axis=1).sum())
        if wrong <= WRONG * (len(v) - int(counts.sum(axis=0).max())):
            rows = f", but for {wrong} row{'s' * (wrong > 1)}," if wrong else ""
            return f"says the class{rows} of"
    if each.type == "category" or len(classes) > 2:
        return ""
    one, other = v[y == classes[0]], v[y == classes[1]]
    apart = one.max() < other.min() or other.max() < one.min()
    return "is on one side of a number for each class of" if apart else ""


def _tells_by_absence(known: NDArray[np.bool_], y: NDArray[np.float64]) -> bool:
    """Whether a feature is missing exactly in the rows of some classes."""
    if min(known.sum(), (~known).sum()) < MIN_OTHERS:
        return False
    return not set(np.unique(y[known]).tolist()) & set(np.unique(y[~known]).tolist())


def _explained_by_line(v: Numbers, y: Numbers) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        v, y = v - v.mean(), y - y.mean()
        size = float((v @ v) * (y @ y))
        share = float(v @ y) ** 2 / size if 0 < size < np.inf else 0.0
    return share if np.isfinite(share) else 0.0


def _rises(v: Numbers, y: Numbers) -> bool:
    """Whether a larger target never has a smaller feature."""
    for part in (slice(SOME), slice(None)):  # most features fall in some rows already
        ordered = v[part][np.lexsort((v[part], y[part]))]
        if (np.diff(ordered) < 0).any():
            return False
    return True


def _explained_by_neighbours(ordered: Numbers) -> float:
    """Returns the share of a feature's variance that its neighbours in the target explain.

    Args:
        ordered: the feature, in the order of the target.
    """
    between = (ordered[:-2] + ordered[2:]) / 2
    with np.errstate(over="ignore", invalid="ignore"):
        rest = float(((ordered[1:-1] - between) ** 2).sum())
        all_of_it = float(((ordered - ordered.mean()) ** 2).sum())
    return 1 - rest / all_of_it if 0 < all_of_it < np.inf else 0.0
