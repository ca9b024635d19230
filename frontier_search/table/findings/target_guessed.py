"""A target that is only the last column, beside one that is named as a target."""

from __future__ import annotations

from frontier_search.table import choosing
from frontier_search.table.finding import Found, flag_of
from frontier_search.table.understanding import Understanding, listed


def find(table: Understanding) -> list[Found]:
    """Finds it; the last column is predicted until the user names another one."""
    names = [each.name for each in table.columns]
    if table.raw.targets or table.options.target or table.raw.placed:
        return []
    chosen = choosing.choose(names, table.options)
    if not chosen.rivals:
        return []
    sentence = (
        f"{chosen.names[0]!r} is predicted because it is the last column, and the name of "
        f"{listed(chosen.rivals)} speaks of a target"
    )
    remedy = f"If that is meant, give {flag_of('target', chosen.rivals[0])}"
    return [((*chosen.names, *chosen.rivals), None, sentence, remedy)]
