"""A column that names or counts rows, and so measures nothing of them."""

from __future__ import annotations

from frontier_search.table.finding import Found, flag_of
from frontier_search.table.findings.unread import unread
from frontier_search.table.understanding import Understanding, listed


def find(table: Understanding) -> list[Found]:
    """Finds them; they are left out, unless nothing else is there to learn from."""
    named = [each for each in table.columns if each.type == "identifier" and not each.role]
    found: list[Found] = []
    for each in named:
        if each.name in table.groups or each.name in unread(table):
            continue
        what = f"column {each.name!r} {each.why}"
        if each.used:
            said = "it is used, because there is no other feature"
            remedy = f"Leave it out with {flag_of('drop', each.name)}, if there is a better feature"
        else:
            said = "it is left out"
            remedy = (
                f"If it measures something, use it with {flag_of('keep', each.name)}"
                if each.numeric
                else "If its words say something, write it as a category or as numbers"
            )
        found.append(((each.name,), None, f"{what}, so it names rows: {said}", remedy))
    if len(found) > 5:
        names = tuple(name for columns, *_ in found for name in columns)
        sentence = f"columns that name rows are left out: {listed(names)}"
        return [(names, None, sentence, "Use one with --keep NAME")]
    return found
