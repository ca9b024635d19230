"""Writes ``architectures.mixer``: the patches are (S, C), one patch after the other."""

from __future__ import annotations

from frontier_search.export.emitters import reservoir
from frontier_search.export.operation import Operation
from frontier_search.export.operations.activation import Activation
from frontier_search.export.operations.column import Columns
from frontier_search.export.operations.image import Mean, Patches
from frontier_search.export.operations.loop import Repeat
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.mixer import Mixer
from frontier_search.models.image import side


def emit(architecture: Mixer, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int) -> Plan:
    model, patch = architecture, architecture.patch_side(n_inputs)
    c, d, e, tokens = model.channels, model.channel_hidden, model.token_hidden, model.grid**2
    embedding = (scalars.take(c, patch**2), scalars.take(c))
    operations: list[Operation] = [
        Patches("x", "z", "p", *embedding, side(n_inputs), model.grid),
        Activation("z", tokens * c, "tanh"),
    ]
    for _ in range(model.layers):
        bias = scalars.take(tokens)
        within, within_bias, out = scalars.take(d, c), scalars.take(d), scalars.take(c, d)
        mixing = reservoir.recurrence(model.core, seed)
        if e:
            inner = (scalars.take(e, tokens), scalars.take(e))
            mixing = [
                Product("h", "e", *inner),
                Activation("e", e, "tanh"),
                Product("e", "h", scalars.take(tokens, e), add=True),
            ]
        channels: list[Operation] = [
            Product("row", "d", within, within_bias),
            Activation("d", d, "tanh"),
            Product("d", "row", out, add=True),
        ]
        operations += [
            Columns("z", "h", c, mixing, bias),
            Repeat(tokens, channels, {"row": ("z", c)}),
        ]
    readout = (scalars.take(n_outputs, c), scalars.take(n_outputs))
    operations += [Mean("z", "m", tokens, c), Product("m", "y", *readout)]
    blocks = {"z": tokens * c, "p": patch**2, "h": tokens, "d": d, "m": c}
    blocks |= {"e": e} if e else {}
    blocks |= {"s": tokens} if model.graph else {}
    return Plan(n_inputs, n_outputs, blocks, operations)
