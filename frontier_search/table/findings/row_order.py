"""The order of the rows carries the target, or time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.cells import Numbers
from frontier_search.table.finding import Found, flag_of
from frontier_search.table.options import ROW_ORDER
from frontier_search.table.understanding import Understanding

DEVIATIONS = 4.5  # from what shuffled rows would give
CORRELATED = 0.2  # of neighbours, at least
UNLIKELY = math.log(1e-4)


def find(table: Understanding) -> list[Found]:
    """Finds it; rows are split at random unless the user says otherwise."""
    if table.options.time is not None or table.options.split is not None:
        return []
    targets = table.targets
    times = tuple(name for name in table.times if _rises(table.read(name)))
    if targets.classes:
        ordered = _classes_in_blocks(targets.values, len(targets.classes))
    else:
        ordered = _neighbours_alike(targets.values[:, 0])
    if times:
        sentence = f"the rows are in the order of time, as column {times[0]!r} says"
        if ordered:
            sentence += f", and {targets.names[0]!r} of a row resembles that of the row before"
        remedy = f"Train on the past and test on the future with {flag_of('time', times[0])}"
        return [(times[:1], None, sentence, remedy)]
    if not ordered:
        return []
    name = targets.names[0]
    sentence = f"the rows are sorted or drift by {name!r}: a row resembles the row before"
    remedy = (
        "If the rows are in the order of time, give --time "
        f"{ROW_ORDER}; otherwise see that no feature counts rows"
    )
    return [(targets.names, None, sentence, remedy)]


def _rises(values: Numbers) -> bool:
    steps = np.diff(values[~np.isnan(values)])
    return (
        len(steps) > 10
        and bool((steps >= 0).all() or (steps <= 0).all())
        and (float((steps != 0).mean()) > 0.5)
    )


def _classes_in_blocks(y: NDArray[np.int64], n_classes: int) -> bool:
    n = len(y)
    changes = int((np.diff(y) != 0).sum())
    counts = np.bincount(y, minlength=n_classes)
    if changes == (counts > 0).sum() - 1:
        ways = math.lgamma(n + 1) - sum(math.lgamma(count + 1) for count in counts)
        return math.lgamma(n_classes + 1) - ways < UNLIKELY
    differ = 1 - float(((counts / n) ** 2).sum())
    spread = math.sqrt(n * differ * (1 - differ)) or 1.0
    expected = (n - 1) * differ
    return (expected - changes) / spread > DEVIATIONS and changes < (1 - CORRELATED) * expected


def _neighbours_alike(y: Numbers) -> bool:
    _, of_level, counts = np.unique(y, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[of_level]  # equal numbers, equal ranks
    ranks -= ranks.mean()
    size = float(ranks @ ranks)
    alike = float(ranks[1:] @ ranks[:-1]) / size if size else 0.0
    return alike > CORRELATED and alike * math.sqrt(len(y)) > DEVIATIONS
