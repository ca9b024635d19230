"""A bound on a known objective, which ``--require "params<=1000"`` sets."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from frontier_search.errors import unknown
from frontier_search.objective import OBJECTIVES


@dataclass(frozen=True)
class Bound:
    """A bound on a known objective: a candidate that breaks it is never trained."""

    objective: str
    limit: float

    def admits(self, size: Mapping[str, int]) -> bool:
        """Whether a candidate of this size keeps the bound."""
        return OBJECTIVES[self.objective].count(size) <= self.limit

    def __str__(self) -> str:
        return f"{self.objective}<={int(self.limit) if self.limit.is_integer() else self.limit!r}"


def parse_bound(text: str) -> Bound | str:
    """Reads ``params<=1000`` or ``flash<=2KB``, with 1 KB = 1,024 bytes.

    Returns:
        The bound, or the sentence that says what is wrong.
    """
    known = [objective.name for objective in OBJECTIVES.values() if objective.known]
    match = re.fullmatch(
        r"\s*(\w+)\s*<=\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*((?:[kKM]i?)?B?)\s*", str(text)
    )
    if match is None:
        return (
            f"cannot read the bound {text!r}; write OBJECTIVE<=NUMBER, e.g. params<=1000, "
            f"with one of {', '.join(known)}."
        )
    name, number, unit = match.groups()
    if name not in OBJECTIVES:
        return unknown("objective", name, known)
    if name not in known:
        return (
            f"the bound {text!r} is on a measured objective; "
            f"only {', '.join(known)} are known before training."
        )
    if unit and OBJECTIVES[name].unit != "bytes":
        return (
            f"the bound {text!r} has a unit, and {name} is counted in {OBJECTIVES[name].unit}; "
            f"write a number alone, e.g. {name}<=1000."
        )
    try:
        limit = float(number) * {"K": 1024, "M": 1024**2}.get(unit[:1].upper(), 1)
    except ValueError:
        limit = math.inf
    if math.isinf(limit):
        return f"cannot read the number in the bound {text!r}; write e.g. params<=1000."
    return Bound(name, limit)
