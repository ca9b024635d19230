"""The columns of a block (n, width), one after the other: each is copied, worked on, put back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from frontier_search.export.operation import Memory, Names, Numbers, Operation, Work, total
from frontier_search.export.operations.loop import Within


@dataclass(frozen=True)
class Columns(Within):
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
        return ("gather", *super().functions, "scatter")

    def scalars(self) -> Iterator[Numbers]:
        yield from super().scalars()
        yield self.bias

    def work(self) -> Work:
        n = self.width * len(self.bias)
        ends = {"gather": (self.width, n), "scatter": (self.width, n)}
        return total([self.work_of(self.width), ends])

    def lines(self, names: Names) -> list[str]:
        n, at = f"{len(self.bias)}, {self.width}", f"{self.block} + i"
        gather, scatter = names.function("gather"), names.function("scatter")
        turn = [
            f"{gather}({at}, {self.column}, {n});",
            *self.lines_of(names),
            f"w = {scatter}(w, {self.column}, {at}, {n});",
        ]
        return self.from_first(names, self.width, turn)

    def apply(self, memory: Memory) -> None:
        for i in range(self.width):
            column = memory[self.block][:, i :: self.width]
            memory[self.column][:] = column
            for each in self.body:
                each.apply(memory)
            column[:] = memory[self.column] + np.asarray(self.bias)
