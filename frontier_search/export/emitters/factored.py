"""Writes ``architectures.factored``: each step applies the factors one by one."""

from __future__ import annotations

import numpy as np

from frontier_search.export.operation import Numbers, Operation
from frontier_search.export.operations.activation import Activation
from frontier_search.export.operations.factor import Factor
from frontier_search.export.operations.loop import Repeat, Turns
from frontier_search.export.operations.product import Product
from frontier_search.export.operations.update import Update
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.factored import Factored


def emit(
    architecture: Factored, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    d, o, hidden, levels = n_inputs, n_outputs, architecture.hidden, architecture.levels
    n, steps = len(architecture.initiator), architecture.steps
    w_x, b_x, w_h = scalars.take(hidden + o, d), scalars.take(hidden + o), scalars.take(o, hidden)
    recurrence: Operation
    if architecture.learns == "rank_one":
        u, v = scalars.take(steps, levels, n), scalars.take(steps, levels, n)
        corrected = (
            architecture.factor().astype(np.float32) + u[..., :, None] * v[..., None, :]
        ).astype(np.float32)
        recurrence = Turns([_step(architecture, list(factors)) for factors in corrected])
    else:
        shared = architecture.learns == "shared"
        factors = scalars.take(1 if shared else levels, n, n)
        every = list(factors) * (levels if shared else 1)
        recurrence = Repeat(steps, _step(architecture, every, shared))
    operations: list[Operation] = [
        Product("x", "h", w_x[:hidden], b_x[:hidden]),
        Activation("h", hidden, "tanh"),
        recurrence,
        Product("x", "y", w_x[hidden:], b_x[hidden:]),
        Product("h", "y", w_h, add=True),
    ]
    blocks = {"h": hidden, "s": hidden, **({"r": hidden} if levels > 1 else {})}
    return Plan(d, o, blocks, operations)


def _step(architecture: Factored, factors: list[Numbers], shared: bool = False) -> list[Operation]:
    """Returns h = tanh(h + tanh(rho F_1 (x) ... (x) F_L h))."""
    hidden, levels, operations, at = architecture.hidden, len(factors), list[Operation](), "h"
    for level, factor in enumerate(factors):
        to = "s" if (levels - level) % 2 else "r"  # the last one writes s
        apart = hidden // len(factor) ** (level + 1)
        again = shared and level < levels - 1
        operations.append(Factor(at, to, factor, hidden, apart, again))
        at = to
    operations.append(Update("h", "s", 0, hidden, architecture.spectral_radius))
    return operations
