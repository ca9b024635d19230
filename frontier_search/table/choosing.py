"""Which columns the user means, and which of them are predicted: and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from frontier_search.errors import SpecError, unknown
from frontier_search.table.options import TableOptions

TARGET = "target"
COMMON = (  # names of a target in well-known tables, in this order
    "label", "labels", "y", "outcome", "response", "survived", "saleprice", "churn", "diagnosis",
)  # fmt: skip
AT_AN_END = ("class", "output", "result", "income", "price", "quality")  # if first or last
_SPEAKING = re.compile(
    r"(?:^|[\s_.-])(?:target|label|class|outcome|response|species|diagnosis|churn|churned|fraud|"
    r"survived|defaulted)(?:[\s_.-]|$)"
)
_SERIES = re.compile(r"(y|target|output|label|response|out)[\s_.-]*(\d+)")


@dataclass(frozen=True)
class Chosen:
    """The target columns.

    Attributes:
        names: of the columns.
        why: how they were chosen, for people.
        beside: columns that look like further targets, and are therefore no features.
        rivals: other columns whose names speak of a target, if this is only the last column.
    """

    names: tuple[str, ...]
    why: str
    beside: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()


def choose(names: Sequence[str], options: TableOptions) -> Chosen:
    """Returns which columns are predicted.

    Raises:
        SpecError: a named column does not exist.
    """
    if options.target:
        found = tuple(find(names, each, "target") for each in expanded(names, options.target))
        return Chosen(found, "named with --target")
    left = [name for name in names if name not in taken(names, options)]
    if not left:
        raise SpecError("every column is dropped or has another use; name one with --target.")
    folded = {name.casefold(): name for name in reversed(left)}
    ends = {left[0].casefold(), left[-1].casefold()}
    for word in (TARGET, *COMMON, *AT_AN_END):
        if word in folded and (word not in AT_AN_END or word in ends):
            return Chosen((folded[word],), f"the column named {folded[word]!r}")
    last = left[-1]
    series = _SERIES.fullmatch(last.casefold())
    beside = tuple(
        name
        for name in left[:-1]
        if series and (other := _SERIES.fullmatch(name.casefold())) and other[1] == series[1]
    )
    why = f"the last column, because none is named {TARGET!r}"
    if beside:
        every = ",".join((*beside, last))
        look = (
            "looks like a further target and is no feature"
            if len(beside) == 1
            else "look like further targets and are no features"
        )
        why += (
            f"; {', '.join(map(repr, beside))} {look}: "
            f"--target {every} predicts all of them, --keep {beside[0]} makes a feature of one"
        )
    rivals = tuple(
        name for name in left[:-1] if _SPEAKING.search(name.casefold()) and name not in beside
    )
    return Chosen((last,), why, beside, rivals)


def taken(names: Sequence[str], options: TableOptions) -> set[str]:
    """Returns the columns that are neither a feature nor a target."""
    roles = {"group": options.group, "split": options.split, "weight": options.weight}
    named = {find(names, given, role) for role, given in roles.items() if given is not None}
    return named | {find(names, given, "drop") for given in expanded(names, options.drop)}


def expanded(names: Sequence[str], given: Sequence[str]) -> list[str]:
    """Returns the columns that a user names one by one, or with commas."""
    return [
        word.strip()
        for each in given
        for word in ([each] if each.strip() in names else each.split(","))
    ]


def find(names: Sequence[str], given: str, key: str) -> str:
    """Returns the column that a user names, in any case if that is clear.

    Raises:
        SpecError: there is none.
    """
    word = given.strip()
    if word in names:
        return word
    same = [name for name in names if name.casefold() == word.casefold()]
    if len(same) == 1:
        return same[0]
    raise SpecError(f"--{key}: {unknown('column', given, names)}")
