"""Writes ``architectures.reservoir``, and ``architectures.varpro``, which has the same models."""

from __future__ import annotations

from frontier_search.export.functions import sigmoid
from frontier_search.export.operation import Numbers, Operation
from frontier_search.export.operations.activation import Activation
from frontier_search.export.operations.graph import messages
from frontier_search.export.operations.loop import Repeat
from frontier_search.export.operations.product import Product
from frontier_search.export.operations.update import Update
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.architectures.varpro import VarPro


def recurrence(
    architecture: Reservoir, seed: int, state: str = "h", sums: str = "s", rate: float | None = None
) -> list[Operation]:
    """Returns the T steps on a block of H numbers; none without a graph.

    Args:
        rate: the part of an update that a gated recurrence takes.
    """
    if architecture.graph is None:
        return []
    send, scale = messages(architecture.matrix(seed), state, sums)
    hidden = architecture.hidden
    if architecture.leaks:
        half = (hidden + 1) // 2
        ends = [(0, half, architecture.leaks[0]), (half, hidden, architecture.leaks[1])]
        updates = [
            Update(state, sums, start, stop, scale, leak)
            for start, stop, leak in ends
            if start < stop
        ]
    else:
        updates = [Update(state, sums, 0, hidden, scale, rate)]
    return [Repeat(architecture.steps, [send, *updates])]


def after_input(
    architecture: Reservoir,
    first: Operation,
    readout: tuple[Numbers, Numbers, Numbers],
    seed: int,
    rate: float | None = None,
    source: str = "x",
) -> list[Operation]:
    """Returns h_0 = tanh of a map, the recurrence, and the readout over [x, h_T].

    Args:
        first: writes the block ``h``.
        readout: the weights of x, the bias, and the weights of h.
        source: the block x.
    """
    w_x, bias, w_h = readout
    return [
        first,
        Activation("h", architecture.hidden, "tanh"),
        *recurrence(architecture, seed, rate=rate),
        Product(source, "y", w_x, bias),
        Product("h", "y", w_h, add=True),
    ]


def blocks(architecture: Reservoir) -> dict[str, int]:
    """Returns the blocks that a reservoir needs."""
    return {"h": architecture.hidden, **({"s": architecture.hidden} if architecture.graph else {})}


def on(
    architecture: Reservoir, scalars: Scalars, seed: int, sizes: tuple[int, int], source: str = "x"
) -> list[Operation]:
    """Returns the operations of a whole reservoir on a block.

    Args:
        sizes: (inputs, outputs).
    """
    (d, o), hidden = sizes, architecture.hidden
    w_x, b_x, w_h = scalars.take(hidden + o, d), scalars.take(hidden + o), scalars.take(o, hidden)
    rate = float(sigmoid(scalars.take(1))[0]) if architecture.gated else None
    first = Product(source, "h", w_x[:hidden], b_x[:hidden])
    return after_input(
        architecture, first, (w_x[hidden:], b_x[hidden:], w_h), seed, rate, source=source
    )


def emit(
    architecture: Reservoir, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    operations = on(architecture, scalars, seed, (n_inputs, n_outputs))
    return Plan(n_inputs, n_outputs, blocks(architecture), operations)


def emit_core(
    architecture: VarPro, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    return emit(architecture.core, scalars, seed, n_inputs, n_outputs)
