"""Features that hold the answer: the target, a function of it, its class renamed, or its parts."""

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
ROUNDING = 3e-4  # of the target's spread, which parts that were rounded may leave
MAX_PARTS = 5
MAX_ABSENT = 0.1  # of the cells of a feature that may be a part
MAX_TRIED = 20  # features that may be parts, above which the target is hardly a sum of few
ROWS_A_FEATURE = 5  # so that no noise is fitted
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
    if table.targets.task == "regression" and table.options.rules >= 4:
        for answer, name in zip(answers, table.targets.names, strict=True):
            found += _sums(answer.y, name, table)
    return found


def _sums(y: Numbers, target: str, table: Understanding) -> list[Found]:
    """Finds few features of which the target is a sum, each times a factor, but for rounding."""
    used = [each.name for each in table.used if each.type == "number"]
    every = slice(None, None, max(1, len(y) // SOME))
    sample = {name: table.values[name][every].copy() for name in used}
    parts = _parts(sample, y[every])
    if len(parts) < 2:
        return []
    factors = _factors({name: table.values[name] for name in parts}, y)
    if factors is None:
        return []
    terms = [f"{'-' if factor < 0 else '+'} {_times(abs(factor))}{name!r}"
             for name, factor in factors.items()]  # fmt: skip
    sentence = (
        f"columns {' and '.join(map(repr, factors))} give the answer away: {target!r} is "
        f"{' '.join(terms).removeprefix('+ ')}, plus a constant or nothing"
    )
    drop = " ".join(flag_of("drop", name) for name in factors)
    remedy = (
        f"If they are not known before the prediction, give {drop}; if they are, compute "
        f"{target!r} without a model"
    )
    return [(tuple(factors), None, sentence, remedy)]


def _times(factor: float) -> str:
    return "" if round(factor, 6) == 1 else f"{factor:.4g} "


def _parts(features: dict[str, Numbers], y: Numbers) -> list[str]:
    """Returns the fewest features of which the target is a sum; none if it is no sum of few."""
    mostly = {name: v for name, v in features.items() if np.isnan(v).mean() < MAX_ABSENT}
    factors = _factors(mostly, y)
    if factors is None:
        return []
    spread = float(np.std(y))
    sizes = {name: abs(factor) * float(np.nanstd(mostly[name])) for name, factor in factors.items()}
    parts = [name for name, size in sizes.items() if size > ROUNDING * spread]
    if len(parts) > MAX_TRIED:
        return []
    for name in sorted(parts, key=lambda part: sizes[part]):  # a sum of sums needs not all of them
        others = [part for part in parts if part != name]
        if others and _factors({part: mostly[part] for part in others}, y) is not None:
            parts = others
    return parts if len(parts) <= MAX_PARTS else []


def _factors(features: dict[str, Numbers], y: Numbers) -> dict[str, float] | None:
    """Returns the factors with which features add up to the target; None if they do not."""
    if not features:
        return None
    x = np.column_stack(list(features.values()))
    known = ~np.isnan(x).any(axis=1)
    x, y = x[known], y[known]
    if len(y) < max(MIN_ROWS, ROWS_A_FEATURE * (1 + x.shape[1])):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        x, y = x - x.mean(axis=0), y - y.mean()
        scale = x.std(axis=0)
        scale[scale == 0] = 1.0
        if not np.isfinite([*scale, y.std()]).all():
            return None
    factors = np.linalg.lstsq(x / scale, y, rcond=1e-10)[0]
    rest = np.abs(y - (x / scale) @ factors)
    usual = np.median(np.abs(y - np.median(y)))  # a few far rows lie on any line
    if rest.std() > ROUNDING * y.std() or not np.median(rest) < ROUNDING * usual:
        return None
    return dict(zip(features, (factors / scale).tolist(), strict=True))


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
