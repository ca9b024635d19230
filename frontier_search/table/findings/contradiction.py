"""Rows that are equal in all features and differ in the target."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.cells import codes
from frontier_search.table.finding import Found
from frontier_search.table.understanding import Understanding

BY_CHANCE = 0.05  # pairs of equal rows that independent features would give, at most


def find(table: Understanding) -> list[Found]:
    """Finds them; they stay. Rows of few levels are equal by chance, and are not meant."""
    equal = table.equal_features
    if equal is None or table.raw.placed or _by_chance(table, equal) > BY_CHANCE:
        return []
    y = table.targets.values.reshape(table.n_rows, -1)
    order = np.argsort(equal, kind="stable")
    same = np.diff(equal[order]) == 0
    differs = same & (np.diff(y[order], axis=0) != 0).any(axis=1)
    contradicted = np.unique(equal[order][1:][differs])
    rows: NDArray[np.bool_] = np.isin(equal, contradicted)
    for each in table.used:  # of a missing value nobody knows that it is equal
        rows &= ~np.isnan(table.values[each.name])
    n = int(rows.sum())
    if not n:
        return []
    names = table.targets.names
    sentence = (
        f"{n} of {table.n_rows} rows ({n / table.n_rows:.0%}) equal another one in all features "
        f"and differ from it in {', '.join(map(repr, names))}: no model can predict both"
    )
    remedy = (
        "Correct or leave out what is wrong; if a measurement was repeated, name what the rows "
        "share with --group"
    )
    return [(names, rows, sentence, remedy)]


def _by_chance(table: Understanding, equal: NDArray[np.int64]) -> float:
    """Returns how many pairs of rows would be equal if all features were independent.

    A feature whose values are all different counts as one with a single pair of equal ones, because
    numbers that were rounded may be equal.

    Args:
        equal: numbers of the rows, of which equal ones count once.
    """
    _, first = np.unique(equal, return_index=True)
    all_pairs = len(first) * (len(first) - 1) / 2
    pairs = all_pairs
    for each in table.used:
        level = codes(table.values[each.name][first])
        counts = np.bincount(level - level.min())
        pairs *= (1 + float((counts * (counts - 1)).sum()) / 2) / max(1.0, all_pairs)
    return pairs
