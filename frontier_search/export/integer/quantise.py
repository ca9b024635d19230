"""Turns a float32 plan into an integer plan, by post-training quantisation on training rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from frontier_search.export.integer import steps
from frontier_search.export.integer.format import TANH_FRACTION, Format
from frontier_search.export.integer.operations import Change, Quantise, Tanh, Times
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.integer.quantiser import Quantiser, factor_of, products, without_form
from frontier_search.export.operation import Operation
from frontier_search.export.operations.activation import Activation
from frontier_search.export.operations.causal import Causal
from frontier_search.export.operations.drawn import Drawn
from frontier_search.export.operations.graph import Messages
from frontier_search.export.operations.loop import Repeat
from frontier_search.export.operations.product import Product
from frontier_search.export.operations.sequence import Zero
from frontier_search.export.operations.update import Update
from frontier_search.export.plan import Plan

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
        rows = np.zeros((1, plan.n_inputs), np.float32)  # numpy completes no shape of no rows
    return _Walk(plan, rows[:MOST_ROWS], form, largest).plan()


class _Walk(Quantiser):
    """Walks through the float operations, and does them on the rows to see their values."""

    def plan(self) -> IntegerPlan:
        first = Quantise(self.plain.n_inputs, self.fractions["x"], self.form)
        operations = list(self.plain.operations)
        while operations:
            operations = self._next(operations)
        return IntegerPlan(
            self.form,
            self.plain.n_inputs,
            self.plain.n_outputs,
            self.numbers,
            self.sums,
            first,
            self.made,
            self.last,
            tuple(self.largest),
        )

    def _next(self, operations: list[Operation]) -> list[Operation]:
        """Makes the next integer operations, and returns the float operations that are left."""
        first, rest = operations[0], operations[1:]
        if isinstance(first, Product | Drawn):
            group, rest = products(operations)
            follower = rest[0] if rest else None
            phi = (
                follower
                if isinstance(follower, Activation) and follower.block == first.target
                else None
            )
            self._products(group, phi)
            return rest[1:] if phi else rest
        if isinstance(first, Repeat) and isinstance(first.body[0], Messages):
            self._recurrence(first)
        elif isinstance(first, Repeat) and first.rows:
            steps.recurrence(self, first)
        elif isinstance(first, Causal):
            steps.convolution(self, first)
        elif isinstance(first, Zero):
            self.zeros[first.block] = first.size
        else:
            raise without_form(first)
        return rest

    def _products(self, group: Sequence[Product], phi: Activation | None) -> None:
        target, n = group[0].target, len(group[0].weights)
        together = self.sum(group)
        for each in group:
            each.apply(self.memory)
        if target == "y":
            self.last = together
            return
        if phi is not None:
            phi.apply(self.memory)
        if phi is not None and phi.function == "tanh":
            self.hold(target, n)
            self.fractions[target] = self.form.bits - 1
            shift = together - TANH_FRACTION
            self.made.append(Tanh(f"{target}_", self.block(target), n, shift, self.form))
            return
        self.narrow(target, n, together, 0 if phi is not None else -self.form.most)

    def _recurrence(self, loop: Repeat) -> None:
        send, *updates = loop.body
        assert isinstance(send, Messages)
        before, self.made = self.made, []
        fraction, reach = self.send(send)
        for each in updates:
            if not isinstance(each, Update):
                raise without_form(each)
            factor, finer = factor_of(each.scale, reach)
            shift = fraction + finer - TANH_FRACTION
            rate = 32768 if each.rate is None else round(each.rate * 32768)
            state, sums, units = (
                self.block(each.state),
                f"{each.messages}_",
                (each.start, each.stop),
            )
            self.made.append(Change(state, sums, *units, factor, shift, rate, self.form))
        inner, self.made = self.made, before
        self.made.append(Times(loop.times, inner))
        loop.apply(self.memory)
