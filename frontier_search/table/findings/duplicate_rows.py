"""Rows that are equal in all features and in the target."""

from __future__ import annotations

import numpy as np

from frontier_search.table.finding import Found
from frontier_search.table.understanding import Understanding


def find(table: Understanding) -> list[Found]:
    """Finds them; they stay in one part of every split."""
    codes = table.equal_rows
    if codes is None:
        return []
    counts = np.bincount(codes)
    repeated = counts[codes] > 1
    n = int(repeated.sum())
    share = f"{n} of {table.n_rows} rows ({n / table.n_rows:.0%}) stand more than once"
    if table.splitter.way == "groups" and table.options.group is None:
        kept = "equal rows stay in one part of every split"
    elif table.splitter.way == "random" or table.splitter.way == "folds":
        kept = "there are so many that they cannot be kept in one part of a split"
    else:
        kept = "the split that you chose may have them in two parts"
    remedy = "Leave the copies out of the file, unless each is a measurement of its own"
    return [((), repeated, f"{share}: {kept}", remedy)]
