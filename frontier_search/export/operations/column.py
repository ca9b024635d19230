"""The columns of a block (n, width), one after the other: each is copied, worked on, put back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from frontier_search.export.operation import (
    Memory,
    Names,
    Numbers,
    Operation,
    Work,
    distinct,
    loop,
    repeated,
    total,
)


@dataclass(frozen=True)
class Columns:
    """For each column c: h = z[:, c], the operations on h, then z[:, c] = h + b.

    Attributes:
        block: z.
        column: h, (n,).
        width: columns of z.
        body: what is done with each column, with the same constants.
        bias: b, (n,).
    """

    block: str
    column: str
    width: int
    body: Sequence[Operation]
    bias: Numbers

    @property
    def functions(self) -> tuple[str, ...]:
        return ("gather", *distinct(self.body), "scatter")

    def scalars(self) -> Iterator[Numbers]:
        for each in self.body:
            yield from each.scalars()
        yield self.bias

    def tables(self) -> Iterator[bytes]:
        for each in self.body:
            yield from each.tables()

    def work(self) -> Work:
        n = self.width * len(self.bias)
        ends = {"gather": (self.width, n), "scatter": (self.width, n)}
        return total([repeated(each.work(), self.width) for each in self.body] + [ends])

    def lines(self, names: Names) -> list[str]:
        n, gather, scatter = len(self.bias), names.function("gather"), names.function("scatter")
        at, inner = f"{self.block} + i", [line for each in self.body for line in each.lines(names)]
        turn = [
            "w = start;",
            f"{gather}({at}, {self.column}, {n}, {self.width});",
            *inner,
            f"w = {scatter}(w, {self.column}, {at}, {n}, {self.width});",
        ]
        start, turns = f"    {names.constant('float')} *start = w;", loop(names, self.width, turn)
        return ["{", start, *(f"    {line}" for line in turns), "}"]

    def apply(self, memory: Memory) -> None:
        for i in range(self.width):
            column = memory[self.block][:, i :: self.width]
            memory[self.column][:] = column
            for each in self.body:
                each.apply(memory)
            column[:] = memory[self.column] + np.asarray(self.bias)
