"""A class that nearly all rows, or hardly any, belong to."""

from __future__ import annotations

import numpy as np

from frontier_search.table.finding import Found
from frontier_search.table.findings.rare_class import FEW
from frontier_search.table.understanding import Understanding

MOST = 0.9  # of the rows in one class
LEAST = 0.1  # of an equal share


def find(table: Understanding) -> list[Found]:
    """Finds them; nothing is changed."""
    targets = table.targets
    if not targets.classes:
        return []
    counts = np.array(targets.counts)
    common = np.flatnonzero(counts >= FEW) if len(counts) > 2 else np.arange(len(counts))
    if not len(common):
        return []
    n, most = int(counts.sum()), int(counts.argmax())
    least = int(common[counts[common].argmin()])
    if counts[most] < MOST * n and counts[least] >= LEAST * n / len(counts):
        return []
    if least == most:  # all others are rare
        least = int(counts.argmin())
    sentence = (
        f"{counts[most]} of {n} rows are {str(targets.classes[most])!r} and {counts[least]} are "
        f"{str(targets.classes[least])!r}: who always says the first errs in "
        f"{1 - counts[most] / n:.1%} of the rows"
    )
    remedy = "Look at balanced_error as an objective, or give --class-weight balanced"
    return [(targets.names, targets.values == least, sentence, remedy)]
