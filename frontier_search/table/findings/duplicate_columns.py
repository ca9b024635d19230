"""A column that says what another one says: equal, a multiple, or under other names."""

from __future__ import annotations

from frontier_search.table.finding import Found, flag_of
from frontier_search.table.understanding import Understanding


def find(table: Understanding) -> list[Found]:
    """Finds them; equal copies are left out."""
    found: list[Found] = []
    for copy, original, equal in table.copies:
        what = "equals" if equal else "says the same, in other units or under other names, as"
        left = "; it is left out" if equal else ""
        remedy = (
            f"Use it nevertheless with {flag_of('keep', copy)}"
            if equal
            else f"Leave it out: {flag_of('drop', copy)}"
        )
        sentence = f"column {copy!r} {what} column {original!r}{left}"
        found.append(((original, copy), None, sentence, remedy))
    return found
