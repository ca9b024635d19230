"""Looks for everything that may be wrong with a table."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.table.finding import Finding
from frontier_search.table.findings import FINDINGS
from frontier_search.table.understanding import Understanding

LISTED_ROWS = 20


@functools.lru_cache(maxsize=4)
def findings(table: Understanding) -> tuple[Finding, ...]:
    """Returns everything that may be wrong with a table, in the order of the table of findings."""
    return tuple(
        Finding(kind, columns, _numbers(rows), sentence, remedy)
        for kind, find in FINDINGS.items()
        for columns, rows, sentence, remedy in find(table)
    )


def _numbers(rows: NDArray[np.bool_] | None) -> tuple[int, ...]:
    if rows is None:
        return ()
    return tuple(int(row) + 1 for row in np.flatnonzero(rows)[:LISTED_ROWS])


def refuse_if_strict(table: Understanding) -> None:
    """Raises SpecError with every finding, if the user asked for that."""
    if table.options.strict and (found := findings(table)):
        raise SpecError([f"{each} (--strict)" for each in found])
