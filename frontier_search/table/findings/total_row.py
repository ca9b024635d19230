"""A last row that holds the sums of the rows above it."""

from __future__ import annotations

import numpy as np

from frontier_search.table.finding import Found
from frontier_search.table.understanding import Understanding

MIN_COLUMNS = 2
CLOSE = 1e-5  # of the sum of the sizes, for sums that were rounded


def find(table: Understanding) -> list[Found]:
    """Finds it; it stays in use until the user leaves it out of the file."""
    numbers = [name for name in table.numbers if name not in table.groups]
    if table.raw.placed or len(numbers) < MIN_COLUMNS:
        return []
    for name in numbers:
        values = table.numbers[name]
        above, last = values[:-1], float(values[-1])
        with np.errstate(over="ignore", invalid="ignore"):
            total, size = float(np.nansum(above)), float(np.nansum(np.abs(above)))
            if not abs(last - total) <= CLOSE * size or last == above[-1]:
                return []
    rows = np.arange(table.n_rows) == table.n_rows - 1
    sentence = f"the last row holds the sums of the rows above it in all {len(numbers)} numbers"
    return [((), rows, sentence, "Leave it out of the file")]
