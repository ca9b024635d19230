"""A causal convolution over the steps of a sequence, followed by max(0, z)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from frontier_search.export.operation import Memory, Names, Numbers, Work, from_number


@dataclass(frozen=True)
class Causal:
    """y_t = max(0, b + K_0 x_t + K_1 x_{t - back} + ...), with zeros before the first step.

    Steps are worked on from the last to the first, so y may be x: a step of y lies where that of x
    was, if a step has as many numbers in both.

    Attributes:
        source, target: the blocks x, (steps, c), and y, (last steps, F).
        sums: a block of F numbers.
        kernels: K, (taps, F, c), the present step first.
        bias: b, (F,).
        steps: those of x, and how many of the last ones are wanted of y.
        at: number of the block x at which its first step begins.
        back: steps between two taps.
    """

    source: str
    target: str
    sums: str
    kernels: Numbers
    bias: Numbers
    steps: tuple[int, int]
    at: int
    back: int

    functions = ("relu_all", "causal")

    @property
    def begin(self) -> int:
        """The number of the block y at which its first step begins."""
        early = self.steps[0] - self.steps[1]
        return self.at + early * len(self.bias) if self.target == self.source else 0

    def products(self) -> int:
        """Returns how many taps are multiplied for one filter, over all steps."""
        first = self.steps[0] - self.steps[1]
        steps = range(first, self.steps[0])
        return sum(min(len(self.kernels), 1 + t // self.back) for t in steps)

    def scalars(self) -> Iterator[Numbers]:
        by_filter = self.kernels.transpose(1, 0, 2).reshape(len(self.bias), -1)
        yield np.concatenate([self.bias[:, None], by_filter], axis=1)

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        taps, filters, width = self.kernels.shape
        wanted, heard = self.steps[1], self.products() * filters
        tried = wanted * filters * taps
        return {
            "causal": (1, wanted, wanted * filters, tried, heard * width),
            "relu_all": (wanted, wanted * filters),
        }

    def arguments(self, source: str, target: str, sums: str) -> str:
        """Returns the arguments of its C function: blocks, from their first steps on, and sizes."""
        taps, filters, width = self.kernels.shape
        blocks = f"{from_number(source, self.at)}, {from_number(target, self.begin)}, {sums}"
        return (
            f"{blocks}, {self.steps[0]}, {self.steps[1]}, {width}, {filters}, {taps}, {self.back}"
        )

    def past(self, tap: int) -> tuple[int, slice]:
        """Returns the first wanted step that has such a tap, and the steps that the tap reads."""
        early, distance = self.steps[0] - self.steps[1], tap * self.back
        start = max(early, distance)
        return start - early, slice(start - distance, self.steps[0] - distance)

    def lines(self, names: Names) -> list[str]:
        arguments = self.arguments(self.source, self.target, self.sums)
        return [f"w = {names.function('causal')}(w, {arguments});"]

    def apply(self, memory: Memory) -> None:
        taps, filters, width = self.kernels.shape
        n_rows, (steps, wanted) = len(memory[self.source]), self.steps
        x = memory[self.source][:, self.at :].reshape(n_rows, -1, width)[:, :steps]
        y = np.empty((n_rows, wanted, filters), np.float32)
        y[:] = self.bias
        for tap in range(taps):
            start, past = self.past(tap)
            for j in range(width):
                y[:, start:] += x[:, past, j, None] * self.kernels[tap, :, j]
        y = np.where(np.signbit(y), np.float32(0), y)
        end = self.begin + wanted * filters
        memory[self.target][:, self.begin : end] = y.reshape(n_rows, -1)
