"""A column that says to what several rows belong: a patient, a machine, a place."""

from __future__ import annotations

from frontier_search.table.finding import Found, flag_of
from frontier_search.table.understanding import Understanding


def find(table: Understanding) -> list[Found]:
    """Finds them; rows are split without regard to them until the user says so."""
    if table.options.group is not None or table.options.split is not None:
        return []
    found: list[Found] = []
    for name in table.groups:
        (each,) = [column for column in table.columns if column.name == name]
        left = "" if each.used else "; it is no feature"
        sentence = (
            f"column {name!r} has {each.values} values in {table.n_rows} rows and seems to say to "
            f"what a row belongs{left}: rows of one may stand in training and in test"
        )
        remedy = f"Keep the rows of one together with {flag_of('group', name)}"
        found.append(((name,), None, sentence, remedy))
    return found
