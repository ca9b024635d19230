"""The columns of a table with what becomes of each: used by models or not, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from frontier_search.errors import SpecError
from frontier_search.table import belonging, choosing, column_types
from frontier_search.table.choosing import Chosen
from frontier_search.table.column import Column
from frontier_search.table.column_types import FaultyCellsError
from frontier_search.table.copies import Copy
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable

if TYPE_CHECKING:
    import pandas as pd


LISTED = 5  # names in one sentence


def columns_of(
    raw: RawTable, names: Sequence[str], options: TableOptions, targets: Sequence[str]
) -> tuple[Column, ...]:
    problems: list[SpecError] = []
    columns = []
    if raw.placed:  # a pixel or a step keeps its place
        n_steps = math.prod(raw.sequence) if raw.sequence else len(names)  # and others come behind
        pixels = [
            Column(name, "number", 0, 2, whole=raw.frame[name].dtype.kind in "iu")
            for name in names[:n_steps]
            if name not in targets
        ]
        names = [name for name in names[n_steps:] if name not in targets] + list(targets)
    else:
        pixels = []
    unread = {choosing.find(names, name, "drop") for name in choosing.expanded(names, options.drop)}
    for name in names:
        try:
            columns.append(
                column_types.understand(
                    raw.frame[name], name, options.missing_in(name), raw.written.decimal,
                    raw.written.thousands, raw.written.first_row, options.rules,
                )
            )  # fmt: skip
        except SpecError as error:
            if name in unread:
                columns.append(Column(name, "text", 0, 0, used=False))
            else:
                problems.append(error)
    if problems:
        faults = [error for error in problems if isinstance(error, FaultyCellsError)]
        one = _of_one_row(faults) if len(faults) == len(problems) else None
        raise SpecError(one or [each for error in problems for each in error.problems])
    return (*pixels, *columns)


def _of_one_row(faults: Sequence[FaultyCellsError]) -> str | None:
    """Returns one sentence for many faults if all are in one row, such as one of units."""
    rows = {row for fault in faults for row, _ in fault.cells}
    if len(faults) < 2 or len(rows) != 1:
        return None
    texts = ", ".join(repr(text) for fault in faults for _, text in fault.cells)
    return (
        f"row {rows.pop()} holds {texts} where the other rows hold numbers, as a line of units or "
        "totals does; leave this line out of the file."
    )


def with_roles(
    columns: Sequence[Column], names: Sequence[str], options: TableOptions, chosen: Chosen
) -> tuple[Column, ...]:
    """Returns the columns with what the user said of them."""
    roles = dict.fromkeys(chosen.beside, "looks like a further target")
    roles |= dict.fromkeys(choosing.taken(names, options), "has another use")
    roles |= {
        choosing.find(names, name, "drop"): "is dropped"
        for name in choosing.expanded(names, options.drop)
    }
    for key in ("group", "split", "weight"):
        given = getattr(options, key)
        if given is not None:
            roles[choosing.find(names, given, key)] = f"is the {key}"
    roles |= dict.fromkeys(chosen.names, "is the target")
    keep = {choosing.find(names, name, "keep") for name in choosing.expanded(names, options.keep)}
    found = tuple(_with_role(each, roles, keep) for each in columns)
    if any(each.used for each in found):
        return found
    return tuple(  # a counter is better than nothing; a finding warns of it
        replace(each, used=True)
        if each.type == "identifier" and each.numeric and not each.role
        else each
        for each in found
    )


def _with_role(each: Column, roles: dict[str, str], keep: set[str]) -> Column:
    if each.name in roles and not (each.name in keep and roles[each.name].startswith("looks")):
        return replace(each, used=False, why=roles[each.name], role=roles[each.name])
    if each.name not in keep or each.used or each.type == "constant":
        return each
    kept = replace(each, used=True, why="")
    if each.numeric:
        return kept
    raise SpecError(f"--keep {each.name}: it {each.why}, so that no model can use it.")


def without_copies(
    columns: tuple[Column, ...], copied: Sequence[Copy], options: TableOptions
) -> tuple[Column, ...]:
    """Leaves out columns that equal one before them."""
    left = {copy: original for copy, original, equal in copied if equal}
    return tuple(
        replace(each, used=False, why=f"equals {left[each.name]!r}")
        if each.name in left and each.name not in options.keep
        else each
        for each in columns
    )


def without_whom(
    columns: tuple[Column, ...], groups: Sequence[str], options: TableOptions
) -> tuple[Column, ...]:
    """Leaves out columns whose values name people and the like, if another feature is left."""
    named = {
        each.name
        for each in columns
        if each.name in groups and belonging.names_whom(each.name) and each.name not in options.keep
    }
    if not any(each.used and each.name not in named for each in columns):
        return columns
    return tuple(
        replace(each, type="identifier", used=False, why="names to what a row belongs")
        if each.name in named
        else each
        for each in columns
    )


def refuse_unusable(frame: pd.DataFrame, columns: Sequence[Column], source: str) -> None:
    """Raises SpecError if a feature is infinite, or no feature is left."""
    infinite = {
        each.name: int(np.isinf(frame[each.name].to_numpy(dtype=np.float64)).sum())
        for each in columns
        if each.used and each.type == "number" and frame[each.name].dtype.kind == "f"
    }
    found = [f"{name!r} ({count})" for name, count in infinite.items() if count]
    if found:
        raise SpecError(
            f"infinite values in {source}, with how many: {', '.join(found[:LISTED])}. Correct "
            "them, or read them as missing: --missing inf."
        )
    if not any(each.used for each in columns):
        reasons = [f"{each.name!r} {each.why}" for each in columns if each.why]
        raise SpecError(
            f"{source} has no feature to learn from: {'; '.join(reasons)}. Add a column, or use "
            "one with --keep NAME."
        )
