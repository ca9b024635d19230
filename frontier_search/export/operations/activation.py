"""Functions of every number of a block: max(0, z) and tanh."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from frontier_search.export.functions import tanh
from frontier_search.export.operation import Memory, Names, Numbers, Work


@dataclass(frozen=True)
class Activation:
    """y_i = phi(y_i) for the first ``size`` numbers of a block."""

    block: str
    size: int
    function: Literal["relu", "tanh"]

    @property
    def functions(self) -> tuple[str, ...]:
        return ("tanh", "tanh_all") if self.function == "tanh" else ("relu_all",)

    def scalars(self) -> Iterator[Numbers]:
        yield from ()

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        return {self.functions[-1]: (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        return [f"{names.function(self.functions[-1])}({self.block}, {self.size});"]

    def apply(self, memory: Memory) -> None:
        y = memory[self.block]
        # a negative zero becomes a positive one, because the C looks at the sign bit
        y[:] = np.where(np.signbit(y), np.float32(0), y) if self.function == "relu" else tanh(y)
