"""Writes ``architectures.convolution``: features before a reservoir, or as its state."""

from __future__ import annotations

from frontier_search.export.emitters import reservoir
from frontier_search.export.operation import Operation
from frontier_search.export.operations.activation import Activation
from frontier_search.export.operations.image import Convolve, Pool
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.convolution import Convolution, Convolutional, Scaffold
from frontier_search.models.image import side


def _features(
    front: Convolution, scalars: Scalars, n_inputs: int, target: str
) -> tuple[list[Operation], dict[str, int]]:
    """Returns the operations that write the features to a block, and the blocks that they need."""
    edge, out, c = side(n_inputs), front.map_side(n_inputs), front.channels
    pooled = out > front.grid
    operations, at, before, blocks = list[Operation](), "x", 1, dict[str, int]()
    for layer in range(front.layers):
        last = layer == front.layers - 1
        to = target if last and not pooled else "mn"[layer % 2]
        if to != target:
            blocks[to] = c * out * out
        kernels, bias = scalars.take(c, before, front.kernel, front.kernel), scalars.take(c)
        stride = 1 if layer else front.stride
        operations += [
            Convolve(at, to, kernels, bias, out if layer else edge, out, stride),
            Activation(to, c * out * out, "tanh"),
        ]
        at, before = to, c
    if pooled:
        operations.append(Pool(at, target, c, out, front.grid))
    return operations, blocks


def emit(
    architecture: Convolutional, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    front, core = architecture.front, architecture.core
    features, blocks = _features(front, scalars, n_inputs, "f")
    head = reservoir.on(core, scalars, seed, (front.features, n_outputs), "f")
    blocks |= {"f": front.features, **reservoir.blocks(core)}
    return Plan(n_inputs, n_outputs, blocks, [*features, *head])


def emit_scaffold(
    architecture: Scaffold, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    front, core = architecture.front, architecture.core
    features, blocks = _features(front, scalars, n_inputs, "h")
    readout = Product("h", "y", scalars.take(n_outputs, front.features), scalars.take(n_outputs))
    operations = [*features, *reservoir.recurrence(core, seed), readout]
    return Plan(n_inputs, n_outputs, blocks | reservoir.blocks(core), operations)
