"""A product with a matrix that is drawn as it is needed: only the generator's state is stored.

The generator is PCG64, as in numpy: O'Neill, "PCG: A Family of Simple Fast Space-Efficient
Statistically Good Algorithms for Random Number Generation" (2014). Of the 53 bits that numpy uses
for a uniform number, the first 24 are used here, which changes a weight by less than a rounding of
the largest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from frontier_search.export.operation import Memory, Names, Numbers, Words, Work, literal


@dataclass(frozen=True)
class Drawn:
    """y = W x + b, each row (w_1 ... w_m, b) drawn from U(-bound, bound).

    Attributes:
        source, target: the blocks x (m) and y (n).
        shape: (n, m).
        seed: of ``numpy.random.default_rng``.
        bound: the largest weight.
    """

    source: str
    target: str
    shape: tuple[int, int]
    seed: tuple[int, ...]
    bound: float

    @property
    def functions(self) -> tuple[str, ...]:
        return ("drawn",)

    def scalars(self) -> Iterator[Numbers]:
        yield from ()

    def tables(self) -> Iterator[bytes]:
        state = np.random.PCG64(np.random.SeedSequence(self.seed)).state["state"]
        yield Words(b"".join(state[name].to_bytes(16, "little") for name in ("state", "inc")))

    @property
    def _scale(self) -> float:
        return float(np.float32(self.bound / 2**23))

    def work(self) -> Work:
        n, m = self.shape
        return {"drawn": (1, n, n * (m + 1))}

    def lines(self, names: Names) -> list[str]:
        (table,) = (names.table(table) for table in self.tables())
        sizes = f"{self.shape[0]}, {self.shape[1]}, {literal(self._scale)}"
        return [f"{names.function('drawn')}({table}, {self.source}, {self.target}, {sizes});"]

    def weights(self) -> Numbers:
        """Returns [W, b], (n, m + 1)."""
        n, m = self.shape
        bits = np.random.default_rng(self.seed).bit_generator.random_raw(n * (m + 1)) >> 40
        whole = (bits.astype(np.int64) - 2**23).astype(np.float32)
        return (whole * np.float32(self._scale)).reshape(n, m + 1)

    def apply(self, memory: Memory) -> None:
        x, y, weights = memory[self.source], memory[self.target], self.weights()
        y[:] = 0
        for j in range(self.shape[1]):
            y += x[:, j : j + 1] * weights[:, j]
        y += weights[:, -1]
