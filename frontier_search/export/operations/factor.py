"""One factor of a Kronecker product, applied to a block without building the product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from frontier_search.export.operation import Memory, Names, Numbers, Work


@dataclass(frozen=True)
class Factor:
    """y = (1 (x) F (x) 1) x.

    Attributes:
        source, target: the blocks x and y.
        factor: F, (k, k).
        size: numbers of the blocks.
        apart: distance of two entries of the axis that F is applied to.
        again: whether the next operation reads the same constants.
    """

    source: str
    target: str
    factor: Numbers
    size: int
    apart: int
    again: bool = False

    @property
    def functions(self) -> tuple[str, ...]:
        return ("factor",)

    def scalars(self) -> Iterator[Numbers]:
        if not self.again:
            yield self.factor

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        k = len(self.factor)
        return {"factor": (1, self.size // self.apart, self.size, self.size * k)}

    def lines(self, names: Names) -> list[str]:
        call = names.function("factor")
        arguments = f"{self.source}, {self.target}, {self.size}, {len(self.factor)}, {self.apart}"
        return [f"{'' if self.again else 'w = '}{call}(w, {arguments});"]

    def apply(self, memory: Memory) -> None:
        k, n_rows = len(self.factor), len(memory[self.source])
        x = memory[self.source].reshape(n_rows, -1, k, self.apart)
        y = memory[self.target].reshape(n_rows, -1, k, self.apart)
        y[:] = 0
        for i in range(k):
            for j in range(k):
                y[:, :, i] += self.factor[i, j] * x[:, :, j]
