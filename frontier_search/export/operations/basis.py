"""Quadratic B-splines at every input, as ``models.networks.spline`` defines them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from frontier_search.export.operation import Memory, Names, Numbers, Work

F = np.float32


@dataclass(frozen=True)
class Basis:
    """y = the ``count`` basis functions of each of n inputs, side by side."""

    source: str
    target: str
    size: int
    count: int

    @property
    def functions(self) -> tuple[str, ...]:
        return ("basis",)

    def scalars(self) -> Iterator[Numbers]:
        yield from ()

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        return {"basis": (1, self.size, self.size * self.count)}

    def lines(self, names: Names) -> list[str]:
        sizes = f"{self.size}, {self.count}"
        return [f"{names.function('basis')}({self.source}, {self.target}, {sizes});"]

    def apply(self, memory: Memory) -> None:
        x, end = memory[self.source], F(self.count - 2)
        position = (x + F(2)) * (end * F(0.25))
        inside = np.where(position < 0, F(0), position)
        inside = np.where(inside > end, end, inside)
        beyond = position - inside
        distance = np.abs(inside[:, :, None] - (np.arange(self.count, dtype=F) - F(0.5)))
        outer, inner = F(1.5) - distance, F(0.5) - distance
        outer, inner = np.where(outer < 0, F(0), outer), np.where(inner < 0, F(0), inner)
        y = memory[self.target].reshape(len(x), self.size, self.count)
        y[:] = F(0.5) * (outer * outer) - F(1.5) * (inner * inner)
        low = np.where(beyond < 0, beyond, F(0))
        high = np.where(beyond < 0, F(0), beyond)
        y[:, :, 0] -= low
        y[:, :, 1] += low
        y[:, :, -2] -= high
        y[:, :, -1] += high
