"""Products of a matrix and a block, summed in the order of the columns.

bias:    y_i = b_i + w_i1 x_1 + w_i2 x_2 + ...
zero:    y_i = 0 + w_i1 x_1 + ...
target:  y_i = y_i + w_i1 x_1 + ...
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from frontier_search.export.operation import Memory, Names, Numbers, Work, from_number


@dataclass(frozen=True)
class Product:
    """y = start + W x.

    Attributes:
        source, target: the blocks x (m) and y (n).
        weights: W, (n, m).
        bias: b, (n,); None to start from zero, or from y.
        add: whether it starts from y.
        at: number of x that the first column is multiplied with.
    """

    source: str
    target: str
    weights: Numbers
    bias: Numbers | None = None
    add: bool = False
    at: int = 0

    @property
    def functions(self) -> tuple[str, ...]:
        return ("affine" if self.bias is not None else "accumulate" if self.add else "product",)

    def scalars(self) -> Iterator[Numbers]:
        if self.bias is not None:
            yield np.concatenate([self.bias[:, None], self.weights], axis=1)
        else:
            yield self.weights

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        n, m = self.weights.shape
        return {self.functions[0]: (1, n, n * m)}

    def lines(self, names: Names) -> list[str]:
        n, m = self.weights.shape
        call = names.function(self.functions[0])
        return [f"w = {call}(w, {from_number(self.source, self.at)}, {self.target}, {n}, {m});"]

    def apply(self, memory: Memory) -> None:
        x, y = memory[self.source][:, self.at :], memory[self.target]
        if not self.add:
            y[:] = 0 if self.bias is None else self.bias
        for j in range(self.weights.shape[1]):
            y += x[:, j : j + 1] * self.weights[:, j]
