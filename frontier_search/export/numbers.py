"""The number formats of a model: float32, or integers that are made after training.

A format is a part of a candidate, under the name NUMBERS, where a search has several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.export.emitters import plan
from frontier_search.export.integer.format import FORMATS
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.integer.quantise import quantise
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.family import Architecture

NUMBERS = "numbers"  # the parameter of a candidate
FLOAT = "float32"
ALL = (FLOAT, *FORMATS)


def numbers_in(hyperparameters: Mapping[str, Any]) -> str:
    """Returns the format of a candidate; float32 unless it says another."""
    return str(hyperparameters.get(NUMBERS, FLOAT))


def numbers_of(made: Plan | IntegerPlan) -> str:
    """Returns the format of a plan."""
    return made.form.name if isinstance(made, IntegerPlan) else FLOAT


def in_format(
    made: Plan, rows: NDArray[np.float32], numbers: str, largest: Sequence[float] = ()
) -> Plan | IntegerPlan:
    """Returns a plan in a format.

    Args:
        rows: (n, d) training rows, which decide the scales of integers.
        largest: as for ``quantise``.

    Raises:
        SpecError: the plan has operations without an integer form.
    """
    return made if numbers == FLOAT else quantise(made, rows, FORMATS[numbers], largest)


def untrained(
    architecture: Architecture, n_inputs: int, n_outputs: int, numbers: str = FLOAT
) -> Plan | IntegerPlan:
    """Returns the plan of a model whose scalars are all zero, which has the shape of every other.

    Raises:
        SpecError: the architecture has no emitter, or no form in the format.
    """
    made = plan(architecture, Scalars(), 0, n_inputs, n_outputs)
    return in_format(made, np.zeros((1, n_inputs), np.float32), numbers)
