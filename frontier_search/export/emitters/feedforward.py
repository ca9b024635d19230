"""Writes ``architectures.feedforward``."""

from __future__ import annotations

from frontier_search.export.operation import Operation
from frontier_search.export.operations.activation import Activation
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.feedforward import FeedForward


def emit(
    architecture: FeedForward, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    hidden, operations = architecture.hidden, list[Operation]()
    width, at = n_inputs, "x"
    for layer in range(architecture.layers + 1):
        last = layer == architecture.layers
        size, to = (n_outputs, "y") if last else (hidden, "ab"[layer % 2])
        weights, bias = scalars.take(size, width), scalars.take(size)
        operations.append(Product(at, to, weights, bias))
        if not last:
            operations.append(Activation(to, size, architecture.activation))
        width, at = size, to
    if architecture.skip:
        operations.append(Product("x", "y", scalars.take(n_outputs, n_inputs), add=True))
    blocks = dict.fromkeys("ab"[: architecture.layers], hidden)
    return Plan(n_inputs, n_outputs, blocks, operations)
