"""A column that says which rows are for training and which for tests."""

from __future__ import annotations

from frontier_search.errors import SpecError
from frontier_search.table.finding import Found, flag_of
from frontier_search.table.split import given_parts
from frontier_search.table.understanding import Understanding


def find(table: Understanding) -> list[Found]:
    """Finds it; it is a feature, and rows are split at random, until the user says otherwise."""
    if table.raw.part is not None:
        return []
    found: list[Found] = []
    for each in table.used:
        if each.type not in ("category", "boolean") or each.missing:
            continue
        try:
            given_parts(table.frame[each.name])
        except SpecError:
            continue
        sentence = (
            f"column {each.name!r} says which rows are for training and which for tests, and is "
            "used as a feature"
        )
        remedy = (
            f"Split the rows so with {flag_of('split', each.name)}, or leave it out with "
            f"{flag_of('drop', each.name)}"
        )
        found.append(((each.name,), None, sentence, remedy))
    return found
