"""Writes the architectures that read a sequence step by step: ``echo_state``, ``gated``,
``convolution_1d`` and ``last_values``.

The block ``x`` holds all steps, the oldest first. A state is a block of its own, in RAM, and is
zero before the first step. A mean over the steps is a sum: the readout's weights are divided by
their number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from frontier_search.export.emitters.fixed_input import input_map
from frontier_search.export.functions import sigmoid
from frontier_search.export.operation import Numbers, Operation
from frontier_search.export.operations.causal import Causal
from frontier_search.export.operations.graph import messages
from frontier_search.export.operations.loop import Repeat
from frontier_search.export.operations.product import Product
from frontier_search.export.operations.sequence import Add, FastGrnnCell, GruCell, Leak, Zero
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.convolution_1d import Convolution1d
from frontier_search.models.architectures.echo_state import EchoState
from frontier_search.models.architectures.gated import FastGrnn, Gru
from frontier_search.models.architectures.last_values import LastValues
from frontier_search.models.sequence import Pooling, steps

Sizes = tuple[int, int, int]  # T, C, o


def emit_echo_state(
    architecture: EchoState, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    core, c = architecture.core, architecture.channels
    h, n_steps, mean = core.hidden, steps(n_inputs, c), architecture.pooled == "mean"
    weights, bias = scalars.take(n_outputs, c + h), scalars.take(n_outputs)
    send, scale = messages(core.matrix(seed), "h", "s")
    hear = input_map("row", "u", (h, c), seed, architecture.input_scale)
    body = [hear, send, Leak("h", "u", "s", h, scale, architecture.leak)]
    blocks = {"h": h, "u": h, "s": h}
    if mean:
        weights, blocks = weights / np.float32(n_steps), blocks | {"sx": c, "sh": h}
        body += [Add("row", "sx", c), Add("h", "sh", h)]
    on_x, on_h = np.ascontiguousarray(weights[:, :c]), np.ascontiguousarray(weights[:, c:])
    at, state = ("sx", "sh") if mean else ("x", "h")
    operations: list[Operation] = [
        *(Zero(name, blocks[name]) for name in (("h", "sx", "sh") if mean else ("h",))),
        Repeat(n_steps, body, {"row": ("x", c)}),
        Product(at, "y", on_x, bias, at=0 if mean else (n_steps - 1) * c),
        Product(state, "y", on_h, add=True),
    ]
    return Plan(n_inputs, n_outputs, blocks, operations)


def emit_gru(architecture: Gru, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int) -> Plan:
    h, c = architecture.hidden, architecture.channels
    w_x, w_h = scalars.take(3 * h, c), scalars.take(3 * h, h)
    bias, recalled = scalars.take(3 * h), scalars.take(h)
    gates = 2 * h
    cell: list[Operation] = [
        Product("row", "g", w_x[:gates], bias[:gates]),
        Product("h", "g", w_h[:gates], add=True),
        Product("row", "v", w_x[gates:], bias[gates:]),
        Product("h", "r", w_h[gates:], recalled),
        GruCell("h", "g", "v", "r", h),
    ]
    blocks = {"h": h, "g": gates, "v": h, "r": h}
    sizes = (steps(n_inputs, c), c, n_outputs)
    return _recurrent(architecture, cell, blocks, scalars, sizes)


def emit_fast_grnn(
    architecture: FastGrnn, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    h, c, r = architecture.hidden, architecture.channels, architecture.inner
    blocks = {"h": h, "p": h}
    w, first = scalars.take(h, c), list[Operation]()
    if r is None:
        recalled = Product("h", "p", scalars.take(h, h), add=True)
    else:
        recalled = Product("q", "p", scalars.take(h, r), add=True)
        first, blocks["q"] = [Product("h", "q", scalars.take(r, h))], r
    gate, candidate = scalars.take(h), scalars.take(h)
    zeta, nu = (float(sigmoid(scalars.take(1))[0]) for _ in range(2))
    update = FastGrnnCell("h", "p", candidate - gate, zeta, nu)
    cell: list[Operation] = [*first, Product("row", "p", w, gate), recalled, update]
    sizes = (steps(n_inputs, c), c, n_outputs)
    return _recurrent(architecture, cell, blocks, scalars, sizes)


def _recurrent(
    architecture: Gru | FastGrnn,
    cell: Sequence[Operation],
    blocks: dict[str, int],
    scalars: Scalars,
    sizes: Sizes,
) -> Plan:
    """Returns a plan that does the operations of a cell at every step, and reads its state ``h``.

    Args:
        scalars: of which those of the readout are left.
    """
    n_steps, c, o = sizes
    weights, bias = scalars.take(o, architecture.hidden), scalars.take(o)
    start, pooled, weights, extra = _pooled(architecture.pooled, "h", blocks["h"], n_steps, weights)
    body = [*cell, *([Add("h", pooled, blocks["h"])] if extra else [])]
    operations: list[Operation] = [
        Zero("h", blocks["h"]),
        *start,
        Repeat(n_steps, body, {"row": ("x", c)}),
        Product(pooled, "y", weights, bias),
    ]
    return Plan(n_steps * c, o, blocks | extra, operations)


def _pooled(
    how: Pooling, state: str, size: int, n_steps: int, weights: Numbers
) -> tuple[list[Operation], str, Numbers, dict[str, int]]:
    """Returns what starts a sum over the steps, the block that is read, its weights, its sizes."""
    if how == "last":
        return [], state, weights, {}
    return [Zero("f", size)], "f", weights / np.float32(n_steps), {"f": size}


def emit_convolution(
    architecture: Convolution1d, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    """Returns a plan that computes the maps in place, and only for the steps that are read."""
    f, c, mean = architecture.filters, architecture.channels, architecture.pooled == "mean"
    n_steps, layers = steps(n_inputs, c), architecture.layers
    taps = [architecture.taps(layer, n_steps) for layer in range(layers)]
    wanted = [n_steps if mean else 1]  # of each layer, from the last to the first; then of x
    for layer in reversed(range(layers)):
        wanted.append(min(n_steps, wanted[-1] + (taps[layer] - 1) * 2**layer))
    wanted.reverse()
    operations: list[Operation] = []
    source, at, width = "x", (n_steps - wanted[0]) * c, c
    for layer in range(layers):
        kernels, bias = scalars.take(architecture.kernel, f, width), scalars.take(f)
        used = np.ascontiguousarray(kernels[::-1][: taps[layer]])
        made = Causal(
            source, "m", "z", used, bias, (wanted[layer], wanted[layer + 1]), at, 2**layer
        )
        operations.append(made)
        source, at, width = "m", made.begin, f
    weights, bias = scalars.take(n_outputs, f), scalars.take(n_outputs)
    start, pooled, weights, extra = _pooled(architecture.pooled, "m", f, n_steps, weights)
    if mean:
        operations += [*start, Repeat(n_steps, [Add("row", pooled, f)], {"row": ("m", f)})]
    operations.append(Product(pooled, "y", weights, bias, at=0 if mean else at))
    blocks = {"m": wanted[1] * f, "z": f, **extra}
    return Plan(n_inputs, n_outputs, blocks, operations)


def emit_last_values(
    architecture: LastValues, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    width = architecture.width(n_inputs)
    weights, bias = scalars.take(n_outputs, width), scalars.take(n_outputs)
    readout = Product("x", "y", weights, bias, at=n_inputs - width)
    return Plan(n_inputs, n_outputs, {}, [readout])
