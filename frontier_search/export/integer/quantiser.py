"""What a quantiser knows of a plan, and what makes the integer forms of sums.

Every scale is a power of two, so that changing it is a shift. A block's fraction is the finest at
which the largest value of the training rows fits; larger values of other rows are clipped. Weights
have the finest fraction at which they fit the format and no sum can exceed 31 bits, whatever the
row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.export.integer.format import Format
from frontier_search.export.integer.operations import IntegerOperation, Narrow, Send, Sum
from frontier_search.export.operation import Memory, Operation
from frontier_search.export.operations.drawn import Drawn
from frontier_search.export.operations.graph import Messages
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan

LARGEST_SUM = 2**31 - 2**16
MOST_FRACTION = 24


class Quantiser:
    """The blocks of a plan, their values for the training rows, and the operations made so far.

    ``fractions`` are those of the blocks as they are now. ``over_turns`` has the largest size of
    blocks within a loop, over all of its turns. ``largest`` is that of ``IntegerPlan``.
    """

    def __init__(
        self, plan: Plan, rows: NDArray[np.float32], form: Format, largest: Sequence[float]
    ) -> None:
        self.plain, self.form = plan, form
        self.known, self.largest = iter(largest), list[float]()
        self.over_turns: dict[str, float] = {}
        self.memory: Memory = {"x": np.array(rows, np.float32)}
        for name, size in {**plan.blocks, "y": plan.n_outputs}.items():
            self.memory[name] = np.zeros((len(rows), size), np.float32)
        self.fractions = {"x": self.fraction("x")}
        self.numbers: dict[str, int] = {}
        self.sums: dict[str, int] = {}
        self.made: list[IntegerOperation] = []
        self.zeros: dict[str, int] = {}  # blocks that start from zero, and their sizes
        self.last = 0

    def sum(self, group: Sequence[Product]) -> int:
        """Makes the sums of some products into one block, and returns their fraction."""
        target, bias = group[0].target, group[0].bias
        n = len(group[0].weights)
        together, sums = self.together(group), f"{target}_"
        self.sums[sums] = max(n, self.sums.get(sums, 0))
        for position, each in enumerate(group):
            weights = whole(each.weights, together - self.fractions[each.source])
            start = np.zeros(n) if bias is None else np.asarray(bias, np.float64)
            own = None if position else whole(start, together)
            self.made.append(Sum(self.block(each.source), sums, weights, own, each.at))
        return together

    def narrow(self, block: str, size: int, together: int, least: int) -> None:
        """Makes numbers of the format of a block's sums.

        Args:
            together: the fraction of the sums.
        """
        self.hold(block, size)
        fraction = self.fractions[block] = min(self.fraction(block), together)
        shift = together - fraction
        narrow = Narrow(f"{block}_", self.block(block), size, shift, least, self.form.most)
        self.made.append(narrow)

    def hold(self, block: str, size: int) -> None:
        """Declares a block of numbers."""
        self.numbers[self.block(block)] = max(size, self.numbers.get(self.block(block), 0))

    def block(self, name: str) -> str:
        """Returns the name of a block of numbers."""
        return f"{name}_" if name == "x" else f"{name}_q"

    def together(self, group: Sequence[Product]) -> int:
        """Returns the fraction of the sums of some products into one block."""
        most, bias = self.form.most, group[0].bias
        found = MOST_FRACTION + self.form.bits - 1
        for each in group:
            own = finest(float(np.abs(each.weights).max(initial=0)), most)
            found = min(found, own + self.fractions[each.source])
        while found > 0:
            reach = np.zeros(len(group[0].weights)) if bias is None else np.abs(bias) * 2.0**found
            for each in group:
                weights = np.abs(whole(each.weights, found - self.fractions[each.source]))
                reach = reach + weights.sum(axis=1) * most
            if reach.max(initial=0) < LARGEST_SUM:
                break
            found -= 1
        return found

    def send(self, send: Messages) -> tuple[int, int]:
        """Makes the messages of a step, and returns the fraction and the largest size of a sum."""
        most, sums, own = self.form.most, f"{send.target}_", self.fractions[send.source]
        self.sums[sums] = len(send.pattern)
        degree, fraction, weights = send.pattern.sum(axis=1).max(initial=1), own, None
        reach = int(degree) * most
        if send.weights is not None:
            finer = finest(float(np.abs(send.weights).max(initial=0)), most)
            while (
                int(degree) * most * most >= LARGEST_SUM
                and finer > 0
                and (_reach(send, finer) * most >= LARGEST_SUM)
            ):
                finer -= 1
            weights = whole(send.weights, finer)
            fraction, reach = own + finer, max(1, _reach(send, finer) * most)
        self.made.append(Send(replace(send, source=self.block(send.source)), sums, weights))
        return fraction, reach

    def fraction(self, block: str) -> int:
        """Returns the finest fraction at which a block's values fit."""
        return self.finest(self.size(block))

    def finest(self, seen: float) -> int:
        """Returns the finest fraction at which numbers of some size fit.

        Args:
            seen: the largest for the rows; what is known already counts in its place.
        """
        self.largest.append(next(self.known, seen))
        return finest(self.largest[-1], self.form.most)

    def size(self, block: str) -> float:
        """Returns the largest size of a block's values."""
        if block in self.over_turns:
            return self.over_turns[block]
        return float(np.abs(self.memory[block]).max(initial=0))


def products(operations: Sequence[Operation]) -> tuple[list[Product], list[Operation]]:
    """Returns the products into the first one's block, and what follows them."""
    group = list[Product]()
    for each in operations:
        if isinstance(each, Drawn):  # whose generator gives floats: the weights are stored
            drawn = np.ascontiguousarray(each.weights())
            each = Product(each.source, each.target, drawn[:, :-1], drawn[:, -1])
        if not isinstance(each, Product):
            break
        if group and not (each.add and each.target == group[0].target):
            break
        group.append(each)
    return group, list(operations[len(group) :])


def factor_of(scale: float, reach: int) -> tuple[int, int]:
    """Returns a scale as factor / 2^finer, whose product with sums up to ``reach`` has 31 bits."""
    if scale == 1:
        return 1, 0
    finer = 0
    while abs(scale) * 2 ** (finer + 1) * reach < LARGEST_SUM and finer < 14:
        finer += 1
    return round(scale * 2**finer), finer


def without_form(operation: Operation) -> SpecError:
    """Returns the error of an operation that has no form in integers."""
    return SpecError(
        f"{type(operation).__name__} has no integer form; dense networks, reservoirs and families "
        "of sequences have one. Export this model in float32."
    )


def finest(largest: float, most: int) -> int:
    if largest <= 0:
        return MOST_FRACTION
    return min(MOST_FRACTION, math.floor(math.log2((most + 0.5) / largest)))


def whole(values: NDArray[np.floating], fraction: int) -> NDArray[np.int64]:
    return np.round(np.asarray(values, np.float64) * 2.0**fraction).astype(np.int64)


def _reach(send: Messages, fraction: int) -> int:
    """Returns the largest sum of the sizes of a unit's weights."""
    assert send.weights is not None
    matrix = np.zeros(send.pattern.shape, np.int64)
    matrix[send.pattern] = np.abs(whole(send.weights, fraction))
    return int(matrix.sum(axis=1).max(initial=0))
