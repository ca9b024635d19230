"""The table of objectives, and the only place where a sign is flipped: everything inside is minimised.

An objective is *known* when it follows from the candidate alone, before any training (a count in closed form), or *measured*: the mean
over seeds of what the trained models did on the validation rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from frontier_search.errors import unknown


@dataclass(frozen=True)
class Objective:
    """A metric with a direction and a unit.

    Attributes:
        name: what the user types.
        unit: unit of its value; ``"task loss"`` is the dataset's own unit.
        direction: which way is better.
        known: whether it follows from the candidate before training.
        metric: for a known one the field of ``Size``; for a measured one the per-seed metric, without its split.
        log: whether it is drawn, and its hypervolume measured, on a log10 axis.
        description: one line for the table.
    """

    name: str
    unit: str
    direction: Literal["minimise", "maximise"]
    known: bool
    metric: str
    log: bool
    description: str

    def to_minimised(self, value: float) -> float:
        """What the samplers and the storage see: smaller is better."""
        return value if self.direction == "minimise" else -value

    def from_minimised(self, value: float) -> float:
        """What the user sees."""
        return value if self.direction == "minimise" else -value


OBJECTIVES: dict[str, Objective] = {
    objective.name: objective
    for objective in (
        Objective(
            "loss",
            "task loss",
            "minimise",
            False,
            "loss",
            False,
            "validation loss: mean squared error, log loss or cross-entropy",
        ),
        Objective(
            "error",
            "fraction",
            "minimise",
            False,
            "error",
            False,
            "validation misclassification rate (classification only)",
        ),
        Objective(
            "accuracy",
            "fraction",
            "maximise",
            False,
            "accuracy",
            False,
            "validation accuracy (classification only)",
        ),
        Objective(
            "latency_ms",
            "ms",
            "minimise",
            False,
            "latency_ms",
            True,
            "time of one forward pass of one row; differs from run to run",
        ),
        Objective(
            "params",
            "scalars",
            "minimise",
            True,
            "effective",
            True,
            "learned parameters, without those structurally held at zero",
        ),
        Objective(
            "raw_params",
            "scalars",
            "minimise",
            True,
            "raw",
            True,
            "every scalar that gradient training may change",
        ),
        Objective(
            "flops",
            "flops",
            "minimise",
            True,
            "flops",
            True,
            "floating-point operations of one forward pass of one row",
        ),
        Objective(
            "bytes",
            "bytes",
            "minimise",
            True,
            "bytes",
            True,
            "float32 bytes of the learned scalars and of the fixed graph",
        ),
    )
}

CLASSIFICATION_ONLY = frozenset({"error", "accuracy"})


@dataclass(frozen=True)
class Bound:
    """A bound on a known objective: a candidate that breaks it is never trained."""

    objective: str
    limit: float

    def admits(self, known: Mapping[str, float]) -> bool:
        return known[self.objective] <= self.limit

    def __str__(self) -> str:
        return f"{self.objective}<={int(self.limit) if self.limit.is_integer() else self.limit!r}"


def parse_bound(text: str) -> Bound | str:
    """Reads ``params<=1000``; returns the bound, or the sentence that says what is wrong."""
    known = [objective.name for objective in OBJECTIVES.values() if objective.known]
    match = re.fullmatch(r"\s*(\w+)\s*<=\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*", str(text))
    if match is None:
        return f"cannot read the bound {text!r}; write OBJECTIVE<=NUMBER, e.g. params<=1000, with one of {', '.join(known)}."
    name, number = match.groups()
    if name not in OBJECTIVES:
        return unknown("objective", name, known)
    if name not in known:
        return f"the bound {text!r} is on a measured objective; only {', '.join(known)} are known before training."
    try:
        limit = float(number)
    except ValueError:
        limit = math.inf
    if math.isinf(limit):
        return f"cannot read the number in the bound {text!r}; write e.g. params<=1000."
    return Bound(name, limit)


def objective_problems(names: Iterable[str], task: str | None) -> list[str]:
    """A sentence for each mistake in a list of objectives; ``task`` is the dataset's, None when the dataset is unknown."""
    listed = list(names)
    problems = [unknown("objective", name, OBJECTIVES) for name in listed if name not in OBJECTIVES]
    problems += [
        f"objective {name!r} is listed twice; list it once."
        for name in dict.fromkeys(listed)
        if listed.count(name) > 1
    ]
    if not listed:
        problems.append(f"no objective given; list one or more of {', '.join(OBJECTIVES)}.")
    if task == "regression":
        problems += [
            f"objective {name!r} needs classes, and the dataset is a regression; use loss."
            for name in listed
            if name in CLASSIFICATION_ONLY
        ]
    return problems
