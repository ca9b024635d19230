"""Turns a float32 plan into an integer plan, by post-training quantisation on training rows.

Every scale is a power of two, so that changing it is a shift. A block's fraction is the finest at
which the largest value of the training rows fits; larger values of other rows are clipped. Weights
have the finest fraction at which they fit the format and no sum can exceed 31 bits, whatever the
row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.export.integer.format import TANH_FRACTION, Format
from frontier_search.export.integer.operations import (
    Change,
    IntegerOperation,
    Narrow,
    Quantise,
    Send,
    Sum,
    Tanh,
    Times,
)
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.operation import Memory, Operation
from frontier_search.export.operations.activation import Activation
from frontier_search.export.operations.drawn import Drawn
from frontier_search.export.operations.graph import Messages
from frontier_search.export.operations.loop import Repeat
from frontier_search.export.operations.product import Product
from frontier_search.export.operations.update import Update
from frontier_search.export.plan import Plan

LARGEST_SUM = 2**31 - 2**16
MOST_FRACTION = 24
MOST_ROWS = 4096  # whose values decide the scales


def quantise(
    plan: Plan, rows: NDArray[np.float32], form: Format, largest: Sequence[float] = ()
) -> IntegerPlan:
    """Returns the integer plan of a plan.

    Args:
        rows: (n, d) training rows, of which the first 4,096 decide the fractions of activations.
        largest: ``IntegerPlan.largest`` of these rows, which are not needed then.

    Raises:
        SpecError: the plan has operations without an integer form.
    """
    if largest:
        rows = np.zeros((0, plan.n_inputs), np.float32)
    return _Quantiser(plan, rows[:MOST_ROWS], form, largest).plan()


class _Quantiser:
    """Walks through the float operations, and does them on the rows to see their values.

    ``fractions`` are those of the blocks as they are now.
    """

    def __init__(
        self, plan: Plan, rows: NDArray[np.float32], form: Format, largest: Sequence[float]
    ) -> None:
        self.float, self.form = plan, form
        self.known, self.largest = iter(largest), list[float]()
        self.memory: Memory = {"x": np.array(rows, np.float32)}
        for name, size in {**plan.blocks, "y": plan.n_outputs}.items():
            self.memory[name] = np.zeros((len(rows), size), np.float32)
        self.fractions = {"x": self._fraction("x")}
        self.numbers: dict[str, int] = {}
        self.sums: dict[str, int] = {}
        self.made: list[IntegerOperation] = []
        self.last = 0

    def plan(self) -> IntegerPlan:
        first = Quantise(self.float.n_inputs, self.fractions["x"], self.form)
        operations = list(self.float.operations)
        while operations:
            operations = self._next(operations)
        return IntegerPlan(
            self.form,
            self.float.n_inputs,
            self.float.n_outputs,
            self.numbers,
            self.sums,
            first,
            self.made,
            self.last,
            tuple(self.largest),
        )

    def _next(self, operations: list[Operation]) -> list[Operation]:
        """Makes the next integer operations, and returns the float operations that are left."""
        first = operations[0]
        if isinstance(first, Drawn):  # whose generator gives floats: the weights are stored
            drawn = np.ascontiguousarray(first.weights())
            first = Product(first.source, first.target, drawn[:, :-1], drawn[:, -1])
        if isinstance(first, Product):
            group = [first]
            for each in operations[1:]:
                if not (isinstance(each, Product) and each.add and each.target == first.target):
                    break
                group.append(each)
            rest = operations[len(group) :]
            follower = rest[0] if rest else None
            phi = (
                follower
                if isinstance(follower, Activation) and follower.block == first.target
                else None
            )
            self._products(group, phi)
            return rest[1:] if phi else rest
        if isinstance(first, Repeat) and not first.rows:
            self._recurrence(first)
            return operations[1:]
        raise SpecError(
            f"{type(first).__name__} has no integer form; dense networks and reservoirs have one. "
            "Export this model in float32."
        )

    def _products(self, group: Sequence[Product], phi: Activation | None) -> None:
        target, bias = group[0].target, group[0].bias
        n = len(group[0].weights)
        together = self._together(group)
        if target == "y":
            self.last = together
        sums = f"{target}_"
        self.sums[sums] = max(n, self.sums.get(sums, 0))
        for position, each in enumerate(group):
            fraction = together - self.fractions[each.source]
            weights = _whole(each.weights, fraction)
            start = np.zeros(n) if bias is None else np.asarray(bias, np.float64)
            own = None if position else _whole(start, together)
            self.made.append(Sum(f"{each.source}{self._kind(each.source)}", sums, weights, own))
            each.apply(self.memory)
        if target == "y":
            return
        narrow = f"{target}{self._kind(target)}"
        self.numbers[narrow] = max(n, self.numbers.get(narrow, 0))
        if phi is not None:
            phi.apply(self.memory)
        if phi is not None and phi.function == "tanh":
            self.fractions[target] = self.form.bits - 1
            shift = together - TANH_FRACTION
            self.made.append(Tanh(sums, narrow, n, shift, self.form))
            return
        fraction = min(self._fraction(target), together)
        self.fractions[target] = fraction
        least = 0 if phi is not None else -self.form.most
        self.made.append(Narrow(sums, narrow, n, together - fraction, least, self.form.most))

    def _kind(self, block: str) -> str:
        """Returns what is added to the name of a block of numbers."""
        return "_" if block == "x" else "_q"

    def _together(self, group: Sequence[Product]) -> int:
        """Returns the fraction of the sums of some products into one block."""
        most, bias = self.form.most, group[0].bias
        found = MOST_FRACTION + self.form.bits - 1
        for each in group:
            largest = float(np.abs(each.weights).max(initial=0))
            finest = _finest(largest, most)
            found = min(found, finest + self.fractions[each.source])
        while found > 0:
            reach = np.zeros(len(group[0].weights)) if bias is None else np.abs(bias) * 2.0**found
            for each in group:
                weights = np.abs(_whole(each.weights, found - self.fractions[each.source]))
                reach = reach + weights.sum(axis=1) * most
            if reach.max(initial=0) < LARGEST_SUM:
                break
            found -= 1
        return found

    def _recurrence(self, loop: Repeat) -> None:
        send, *updates = loop.body
        if not isinstance(send, Messages) or not all(isinstance(u, Update) for u in updates):
            raise SpecError("this recurrence has no integer form; export the model in float32.")
        state, most = send.source, self.form.most
        sums, own = f"{send.target}_", self.fractions[state]
        self.sums[sums] = len(send.pattern)
        degree, fraction, weights = send.pattern.sum(axis=1).max(initial=1), own, None
        reach = int(degree) * most
        if send.weights is not None:
            finer = _finest(float(np.abs(send.weights).max(initial=0)), most)
            while (
                int(degree) * most * most >= LARGEST_SUM
                and finer > 0
                and (_reach(send, finer) * most >= LARGEST_SUM)
            ):
                finer -= 1
            weights = _whole(send.weights, finer)
            fraction, reach = own + finer, max(1, _reach(send, finer) * most)
        made: list[IntegerOperation] = [Send(send, sums, weights)]
        made[0] = Send(_renamed(send, f"{state}_q"), sums, weights)
        for update in updates:
            assert isinstance(update, Update)
            finer = 0
            while abs(update.scale) * 2 ** (finer + 1) * reach < LARGEST_SUM and finer < 14:
                finer += 1
            factor = round(update.scale * 2**finer) if update.scale != 1 else 1
            finer = finer if update.scale != 1 else 0
            shift = fraction + finer - TANH_FRACTION
            rate = 32768 if update.rate is None else round(update.rate * 32768)
            made.append(
                Change(
                    f"{state}_q", sums, update.start, update.stop, factor, shift, rate, self.form
                )
            )
        self.made.append(Times(loop.times, made))
        loop.apply(self.memory)

    def _fraction(self, block: str) -> int:
        """Returns the finest fraction at which a block's values fit."""
        seen = float(np.abs(self.memory[block]).max(initial=0))
        self.largest.append(next(self.known, seen))
        return _finest(self.largest[-1], self.form.most)


def _finest(largest: float, most: int) -> int:
    if largest <= 0:
        return MOST_FRACTION
    return min(MOST_FRACTION, math.floor(math.log2((most + 0.5) / largest)))


def _whole(values: NDArray[np.floating], fraction: int) -> NDArray[np.int64]:
    return np.round(np.asarray(values, np.float64) * 2.0**fraction).astype(np.int64)


def _reach(send: Messages, fraction: int) -> int:
    """Returns the largest sum of the sizes of a unit's weights."""
    assert send.weights is not None
    matrix = np.zeros(send.pattern.shape, np.int64)
    matrix[send.pattern] = np.abs(_whole(send.weights, fraction))
    return int(matrix.sum(axis=1).max(initial=0))


def _renamed(send: Messages, source: str) -> Messages:
    return Messages(source, send.target, send.pattern, send.weights, send.storage)
