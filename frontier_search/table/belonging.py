"""Columns that say to what several rows belong, such as a patient or a machine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from frontier_search.table import cells
from frontier_search.table.cells import Numbers
from frontier_search.table.column import Column, looks_like_key, looks_like_time
from frontier_search.table.target import Targets

if TYPE_CHECKING:
    import pandas as pd

LEVELS = 5  # at least
ROWS = 2  # of each, on average, for a column whose name speaks
MANY_ROWS = 3  # of each, on average, for one that only behaves so
EXPLAINED = 0.6  # of the variance of another feature
TURNS = 3  # of the class along sorted values, above which it does not follow their size

_WHOM = re.compile(
    r"(?:^|[\s_.-])(?:patient|subject|participant|customer|client|user|person|people|student|"
    r"respondent|household|speaker|driver|rider|animal|session|account|author|member|candidate|"
    r"employee|donor|player|owner|volunteer|proband|participants)s?(?:[\s_.-]|\d|$)"
)
_WHERE = re.compile(
    r"(?:^|[\s_.-])(?:group|cluster|site|hospital|clinic|center|centre|school|visit|device|machine|"
    r"sensor|engine|unit|store|shop|vehicle|batch|lot|plate|plot|farm|station|experiment|run|"
    r"family|team|company|firm|village|field|well|specimen|sample|scan|slide|recording|trial|"
    r"block|fold)s?(?:[\s_.-]|\d|$)"
)


def names_whom(name: str) -> bool:
    """Returns whether a column's name says that it names people or other keys."""
    return bool(_WHOM.search(name.casefold())) or looks_like_key(name)


def suspected(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    values: Mapping[str, Numbers],
    targets: Targets,
) -> tuple[str, ...]:
    """Returns the names of columns to which several rows each seem to belong.

    Such a column has a speaking name; or each of its values has one class, in no order of size; or
    its values stand in blocks that share the values of another feature.

    Args:
        frame: the rows with a target.
        columns: all of the table.
        values: what the codings of the features read.
    """
    found = []
    for each in columns:
        if each.role or each.type not in ("number", "category", "identifier", "text"):
            continue
        if each.type == "number" and not each.whole:
            continue
        if each.values * ROWS > len(frame):
            continue
        codes, texts = cells.distinct(frame[each.name], each.also_missing)
        levels, present = len(texts), int((codes >= 0).sum())
        if levels < LEVELS or present < ROWS * levels or present < 0.9 * len(codes):
            continue
        speaks = names_whom(each.name) or bool(_WHERE.search(each.name.casefold()))
        if speaks or (present >= MANY_ROWS * levels and _behaves(each, codes, values, targets)):
            found.append(each.name)
    return tuple(found)


def _behaves(
    each: Column, codes: NDArray[np.int64], values: Mapping[str, Numbers], targets: Targets
) -> bool:
    if looks_like_time(each.name):
        return False
    runs = 1 + int((np.diff(codes) != 0).sum())
    if (
        targets.classes
        and _pure(codes, targets.values)
        and len(np.unique(codes)) > 2 * len(targets.classes)
    ):
        classes = np.array([targets.values[codes == level][0] for level in np.unique(codes)])
        if each.name in values:  # by size
            size = np.array([values[each.name][codes == level][0] for level in np.unique(codes)])
            classes = classes[np.argsort(size)]
        if (np.diff(classes) != 0).sum() >= TURNS:
            return True
    if runs > codes.max() + 1:
        return False
    return any(
        _explained(codes, other) > EXPLAINED
        for name, other in values.items()
        if name != each.name and cells.different(other) > len(other) / 2
    )


def _pure(codes: NDArray[np.int64], y: NDArray[np.int64]) -> bool:
    pairs = np.unique(np.stack([codes, y]), axis=1).shape[1]
    return bool(pairs == len(np.unique(codes)))


def _explained(codes: NDArray[np.int64], values: Numbers) -> float:
    """Returns the share of a feature's variance that is between the groups, beyond chance."""
    known = ~np.isnan(values) & (codes >= 0)
    v, g = values[known], codes[known]
    if not len(v):
        return 0.0
    counts = np.bincount(g)
    means = np.bincount(g, weights=v) / np.maximum(counts, 1)
    whole = float(((v - v.mean()) ** 2).sum())
    rest = float(((v - means[g]) ** 2).sum())
    free = len(v) - int((counts > 0).sum())
    if whole <= 0 or free < 1:
        return 0.0
    return 1 - (rest / free) / (whole / (len(v) - 1))
