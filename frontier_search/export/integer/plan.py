"""An integer plan: what one model computes for a row, in integers between two float32 ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.export.integer.format import Format, Whole
from frontier_search.export.integer.operations import IntegerOperation, Quantise
from frontier_search.export.operation import Names, Work, total

ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class IntegerPlan:
    """One model.

    Attributes:
        form: the format of weights and activations.
        n_inputs, n_outputs: of float32 numbers.
        numbers, sums: the blocks in the format and those of 32 bits, name -> size.
        quantise: the first step.
        operations: the next ones; the block ``y_`` holds the outputs at last.
        fraction: y = y_ / 2^fraction.
        largest: the largest sizes of the numbers in the blocks, over the training rows, in the
            order in which they decided fractions.
    """

    form: Format
    n_inputs: int
    n_outputs: int
    numbers: Mapping[str, int]
    sums: Mapping[str, int]
    quantise: Quantise
    operations: Sequence[IntegerOperation]
    fraction: int
    largest: tuple[float, ...] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        steps = [self.quantise, *self.operations]
        names = [name for each in steps for name in each.functions]
        return tuple(dict.fromkeys([*names, "dequantise"]))

    def constants(self) -> tuple[Whole, Whole]:
        """Returns the constants in the format, and those of 32 bits, in the order of use."""
        numbers = [part.ravel() for each in self.operations for part in each.numbers()]
        biases = [part.ravel() for each in self.operations for part in each.biases()]
        empty = np.zeros(0, np.int64)
        return np.concatenate([empty, *numbers]), np.concatenate([empty, *biases])

    def tables(self) -> tuple[bytes, ...]:
        return tuple(dict.fromkeys(table for each in self.operations for table in each.tables()))

    @property
    def stored_bytes(self) -> int:
        numbers, biases = self.constants()
        tables = sum(map(len, self.tables()))
        return self.form.bits // 8 * len(numbers) + 4 * len(biases) + tables

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the outputs (n, o) of rows (n, d), which the C equals bit for bit."""
        parts = [
            self._run(x[start : start + ROWS_AT_ONCE]) for start in range(0, len(x), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.n_outputs), np.float32)

    def _run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        memory = {"x_": self.quantise.of(x)}
        for operation in self.operations:
            operation.apply(memory)
        # one rounding to float32, then an exact power of two
        return memory["y_"].astype(np.float32) * np.float32(2.0**-self.fraction)

    @property
    def block_bytes(self) -> tuple[int, ...]:
        """The bytes of each block on the stack."""
        numbers = (self.n_inputs, *self.numbers.values())
        narrow = [self.form.bits // 8 * size for size in numbers]
        return (*narrow, *(4 * size for size in self.sums.values()))

    def work(self) -> Work:
        """Returns how often each function and each of its loops runs for a row."""
        end = {"dequantise": (1, self.n_outputs)}
        return total([each.work() for each in (self.quantise, *self.operations)] + [end])

    def statements(self, names: Names) -> list[str]:
        """Returns the C statements of the operations."""
        steps = [line for each in (self.quantise, *self.operations) for line in each.lines(names)]
        end = f"{names.function('int_dequantise')}(y_, y, {self.n_outputs}, {self.fraction});"
        return [*steps, end]

    def lines(self, names: Names) -> list[str]:
        """Returns the C statements of the model, and what they declare."""
        number = names.function("number")
        blocks = {"x_": self.n_inputs, **self.numbers}
        declared = [f"{number} {name}[{size}];" for name, size in blocks.items()]
        declared += [f"int32_t {name}[{size}];" for name, size in self.sums.items()]
        start = [f"{names.constant(number)} *w = {names.function('constants')};"]
        start.append(f"{names.constant('int32_t')} *b = {names.function('biases')};")
        return [*declared, *start, "", *self.statements(names), "(void)w;", "(void)b;"]
