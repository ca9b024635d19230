"""Writes ``architectures.fixed_input``: its input map is drawn again where that is smaller."""

from __future__ import annotations

import numpy as np

from frontier_search.export.emitters.reservoir import after_input, blocks
from frontier_search.export.operation import Operation
from frontier_search.export.operations.drawn import Drawn
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.fixed_input import FixedInput
from frontier_search.seeds import INPUT_STREAM

GENERATOR_BYTES = 400  # the code and the state of the generator, at most, on all cores


def emit(
    architecture: FixedInput, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    core, d, o = architecture.core, n_inputs, n_outputs
    w_x, w_h, bias = scalars.take(o, d), scalars.take(o, core.hidden), scalars.take(o)
    first = input_map("x", "h", (core.hidden, d), seed, architecture.input_scale * d**-0.5)
    operations = after_input(core, first, (w_x, bias, w_h), seed)
    return Plan(d, o, blocks(core), operations)


def input_map(
    source: str, target: str, shape: tuple[int, int], seed: int, bound: float
) -> Operation:
    """Returns the product with the input map of a seed, (n, m) and a bias, in the fewest bytes."""
    drawn = Drawn(source, target, shape, (seed, INPUT_STREAM), bound)
    if 4 * shape[0] * (shape[1] + 1) > GENERATOR_BYTES:
        return drawn
    weights = np.ascontiguousarray(drawn.weights())
    return Product(source, target, weights[:, :-1], weights[:, -1])
