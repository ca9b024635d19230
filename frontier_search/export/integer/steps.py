"""The integer forms of what families of sequences do at every step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from frontier_search.export.integer.format import TANH_FRACTION
from frontier_search.export.integer.operations import Times
from frontier_search.export.integer.quantiser import (
    Quantiser,
    factor_of,
    products,
    whole,
    without_form,
)
from frontier_search.export.integer.sequence import (
    Add,
    FastGrnnCell,
    GruCell,
    IntegerCausal,
    Leak,
    Zero,
)
from frontier_search.export.operation import Operation
from frontier_search.export.operations import sequence as plain
from frontier_search.export.operations.causal import Causal
from frontier_search.export.operations.drawn import Drawn
from frontier_search.export.operations.graph import Messages
from frontier_search.export.operations.loop import Repeat
from frontier_search.export.operations.product import Product

SUM_BITS = 32
Cell = plain.Leak | plain.GruCell | plain.FastGrnnCell


def recurrence(quantiser: Quantiser, loop: Repeat) -> None:
    """Makes a loop over the steps of a block.

    Blocks that only add up stay sums of 32 bits within the loop, and become numbers behind it.

    Raises:
        SpecError: the loop has an operation without an integer form.
    """
    ((row, (block, size)),) = loop.rows.items()
    quantiser.over_turns = _largest(quantiser, loop)
    quantiser.fractions[row] = quantiser.fractions[block]
    for each in loop.body:
        if isinstance(each, Cell):
            fraction = quantiser.form.bits - 1
            if isinstance(each, plain.FastGrnnCell):  # whose state may exceed 1
                fraction = min(fraction, quantiser.fraction(each.state))
            quantiser.fractions[each.state] = fraction
    added = {each.target: each for each in loop.body if isinstance(each, plain.Add)}
    for name, width in quantiser.zeros.items():
        _zero(quantiser, name, width, name in added)
    quantiser.zeros = {}
    before, quantiser.made = quantiser.made, []
    _body(quantiser, loop.body)
    inner, quantiser.made = quantiser.made, before
    rows = {quantiser.block(row): (quantiser.block(block), size)}
    quantiser.made.append(Times(loop.times, inner, rows))
    for name, total in added.items():
        together = quantiser.fractions[total.source]
        quantiser.narrow(name, total.size, together, -quantiser.form.most)
    quantiser.over_turns = {}


def _largest(quantiser: Quantiser, loop: Repeat) -> dict[str, float]:
    """Does a loop on the rows, and returns the largest size of every block over all turns."""
    found = dict.fromkeys(quantiser.plain.blocks, 0.0)
    for i in range(loop.times):
        loop.turn(i, quantiser.memory)
        found = {name: max(found[name], quantiser.size(name)) for name in found}
    return found


def _zero(quantiser: Quantiser, name: str, size: int, sums: bool) -> None:
    if sums:
        quantiser.sums[f"{name}_"] = size
        quantiser.made.append(Zero(f"{name}_", size, SUM_BITS))
    else:
        quantiser.hold(name, size)
        quantiser.made.append(Zero(quantiser.block(name), size, quantiser.form.bits))


def _body(quantiser: Quantiser, body: Sequence[Operation]) -> None:
    read = {each.source for each in body if isinstance(each, Product)}
    together, reach, operations = dict[str, int](), 1, list(body)
    while operations:
        first = operations.pop(0)
        if isinstance(first, Product | Drawn):
            group, operations = products([first, *operations])
            target, n = first.target, len(group[0].weights)
            together[target] = quantiser.sum(group)
            if target in read:
                quantiser.narrow(target, n, together[target], -quantiser.form.most)
        elif isinstance(first, Messages):
            together[first.target], reach = quantiser.send(first)
        elif isinstance(first, plain.Add):
            source, target = quantiser.block(first.source), f"{first.target}_"
            quantiser.made.append(Add(source, target, first.size))
        elif isinstance(first, Cell):
            quantiser.made.append(_cell(quantiser, first, together, reach))
        else:
            raise without_form(first)


def _cell(
    quantiser: Quantiser, cell: Cell, together: dict[str, int], reach: int
) -> Leak | GruCell | FastGrnnCell:
    """Returns the integer form of a cell.

    Args:
        together: the fraction of each block of sums.
        reach: the largest size of a sum of messages.
    """
    form, state = quantiser.form, quantiser.block(cell.state)
    heard, shift = f"{cell.heard}_", together[cell.heard] - TANH_FRACTION
    if isinstance(cell, plain.Leak):
        factor, finer = factor_of(cell.scale, reach)
        far = together[cell.messages] + finer - TANH_FRACTION
        rate, sums = round(cell.rate * 2**15), f"{cell.messages}_"
        return Leak(state, heard, sums, cell.size, shift, factor, far, rate, form)
    if isinstance(cell, plain.GruCell):
        of_gates, of_recalled = (
            together[each] - TANH_FRACTION for each in (cell.gates, cell.recalled)
        )
        shifts, blocks = (of_gates, shift, of_recalled), (f"{cell.gates}_", heard)
        return GruCell(state, *blocks, f"{cell.recalled}_", cell.size, shifts, form)
    scales = np.round(np.array([cell.zeta, cell.nu]) * 2**15).astype(np.int64)
    fraction = quantiser.fractions[cell.state] + form.coarser
    apart = whole(cell.apart, TANH_FRACTION)
    return FastGrnnCell(state, heard, scales, apart, shift, fraction, form)


def convolution(quantiser: Quantiser, layer: Causal) -> None:
    """Makes a convolution."""
    most, filters = quantiser.form.most, len(layer.bias)
    flat = layer.kernels.transpose(1, 0, 2).reshape(filters, -1)
    together = quantiser.together([Product(layer.source, layer.target, flat, layer.bias)])
    kernels = whole(layer.kernels, together - quantiser.fractions[layer.source])
    layer.apply(quantiser.memory)
    end = layer.begin + layer.steps[1] * filters
    made = quantiser.memory[layer.target][:, layer.begin : end]
    fraction = min(quantiser.finest(float(np.abs(made).max(initial=0))), together)
    quantiser.fractions[layer.target] = fraction
    quantiser.hold(layer.target, quantiser.plain.blocks[layer.target])
    quantiser.sums[f"{layer.sums}_"] = filters
    blocks = (quantiser.block(layer.source), quantiser.block(layer.target), f"{layer.sums}_")
    bias, shift = whole(layer.bias, together), together - fraction
    quantiser.made.append(IntegerCausal(layer, *blocks, kernels, bias, shift, most))
