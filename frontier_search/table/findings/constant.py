"""A column with one value in all rows, or in all but a few."""

from __future__ import annotations

import numpy as np

from frontier_search.table.cells import middle
from frontier_search.table.finding import Found, flag_of
from frontier_search.table.understanding import Understanding, listed

FEW = 5  # rows that differ
SHARE = 0.025  # of the rows of a small table
LARGE_SHARE = 0.001  # of the rows of a large table


def find(table: Understanding) -> list[Found]:
    """Finds them; constant ones are left out, the others are scaled with a floor and clipped."""
    if table.raw.placed:
        return []
    found: list[Found] = []
    constant = tuple(
        each.name for each in table.columns if each.type == "constant" and not each.role
    )
    empty = {each.name for each in table.columns if not each.values}
    if constant:
        value = "no value" if empty.issuperset(constant) else "one value"
        one = len(constant) == 1
        words = f"column {constant[0]!r} has" if one else f"{len(constant)} columns have"
        names = "" if one else f": {listed(constant)}"
        found.append(
            (
                constant,
                None,
                f"{words} {value} in every row, and {'is' if one else 'are'} left out{names}",
                "Nothing is to be done, unless other values were lost",
            )
        )
    allowed = max(min(FEW, SHARE * table.n_rows), LARGE_SHARE * table.n_rows)
    for each in table.used:
        values = table.values[each.name]
        values = np.where(np.isnan(values), np.inf, values)
        most = middle(values)
        rows = values != most
        differing = int(rows.sum())
        if 0 < differing <= allowed:
            words = "all rows but one" if differing == 1 else f"all rows but {differing}"
            what = "is missing" if np.isinf(most) else "has one value"
            sentence = f"column {each.name!r} {what} in {words}, which training rows may not hold"
            remedy = f"Leave it out with {flag_of('drop', each.name)}"
            found.append(((each.name,), rows, sentence, remedy))
    return found
