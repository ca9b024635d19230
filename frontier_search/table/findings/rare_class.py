"""A class with too few rows for the three parts of a split."""

from __future__ import annotations

import numpy as np

from frontier_search.table import cells
from frontier_search.table.finding import Found, flag_of
from frontier_search.table.preprocessing import Class
from frontier_search.table.target import MIN_ROWS_A_CLASS
from frontier_search.table.understanding import Understanding, listed

FEW = 5  # rows: one for validation, one for test


def _words_among_numbers(classes: tuple[Class, ...]) -> list[str]:
    return [str(name) for name in classes if cells.PLAIN.number(str(name)) is None]


def find(table: Understanding) -> list[Found]:
    """Finds them; with fewer than three rows the table is refused."""
    targets = table.targets
    rare = {
        str(name): count
        for name, count in zip(targets.classes, targets.counts, strict=True)
        if count < FEW and (len(targets.classes) > 2 or count < MIN_ROWS_A_CLASS)
    }
    if not rare:
        return []
    numbers = [place for place, count in enumerate(targets.counts) if count in rare.values()]
    rows = np.isin(targets.values, numbers)
    classes = listed([f"{name} ({count})" for name, count in rare.items()], quoted=False)
    sentence = f"classes of {targets.names[0]!r} with few rows: {classes}"
    if min(rare.values()) < MIN_ROWS_A_CLASS:
        sentence += f"; each part of a split needs one, and so a class needs {MIN_ROWS_A_CLASS}"
    remedy = "Leave them out with --rare drop, or merge them into one class with --rare merge"
    if all(isinstance(name, int) for name in targets.classes):
        remedy += ", or predict a number with --task regression"
    elif len(words := _words_among_numbers(targets.classes)) == 1 and words[0] in rare:
        missing = flag_of("missing", f"{targets.names[0]}={words[0]}")
        remedy += f", or read {words[0]!r} as missing with {missing}"
    return [(targets.names, rows, sentence, remedy)]
