"""Writes ``architectures.low_rank``."""

from __future__ import annotations

from frontier_search.export.operation import Operation
from frontier_search.export.operations.activation import Activation
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.low_rank import LowRank


def emit(architecture: LowRank, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int) -> Plan:
    hidden, inner = architecture.hidden, architecture.inner
    operations, width, at = list[Operation](), n_inputs, "x"
    for _ in range(architecture.layers):
        within, outer = scalars.take(inner, width), scalars.take(hidden, inner)
        operations += [
            Product(at, "r", within),
            Product("r", "h", outer, scalars.take(hidden)),
            Activation("h", hidden, "relu"),
        ]
        width, at = hidden, "h"
    operations.append(Product("h", "y", scalars.take(n_outputs, hidden), scalars.take(n_outputs)))
    return Plan(n_inputs, n_outputs, {"r": inner, "h": hidden}, operations)
