"""Writes ``architectures.spline``: a reservoir over the basis functions of the inputs."""

from __future__ import annotations

from frontier_search.export.emitters.reservoir import after_input, blocks
from frontier_search.export.operations.basis import Basis
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.spline import Spline


def emit(architecture: Spline, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int) -> Plan:
    d, o, core, count = n_inputs, n_outputs, architecture.core, architecture.basis_functions
    coefficients = scalars.take(core.hidden, d * count)
    readout = (scalars.take(o, d), scalars.take(o), scalars.take(o, core.hidden))
    operations = [
        Basis("x", "k", d, count),
        *after_input(core, Product("k", "h", coefficients), readout, seed),
    ]
    return Plan(d, o, {"k": d * count, **blocks(core)}, operations)
