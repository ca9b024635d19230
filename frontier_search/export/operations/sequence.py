"""Operations on the state of a recurrence over the steps of a sequence.

The state starts from zero. A cell takes what a unit hears, products that were made before, and
changes the state in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from frontier_search.export.functions import sigmoid, tanh
from frontier_search.export.operation import Memory, Names, Numbers, Unstored, Work, literal

F = np.float32


@dataclass(frozen=True)
class Zero(Unstored):
    """y = 0."""

    block: str
    size: int

    functions = ("zero",)

    def work(self) -> Work:
        return {"zero": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        return [f"{names.function('zero')}({self.block}, {self.size});"]

    def apply(self, memory: Memory) -> None:
        memory[self.block][:] = 0


@dataclass(frozen=True)
class Add(Unstored):
    """y = y + x."""

    source: str
    target: str
    size: int

    functions = ("add",)

    def work(self) -> Work:
        return {"add": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        return [f"{names.function('add')}({self.source}, {self.target}, {self.size});"]

    def apply(self, memory: Memory) -> None:
        memory[self.target] += memory[self.source]


@dataclass(frozen=True)
class Leak(Unstored):
    """h = h + rate (tanh(u + scale s) - h): a leaky unit that hears inputs and messages.

    Attributes:
        state, heard, messages: the blocks h, u and s.
        scale: multiplied into s.
        rate: in (0, 1].
    """

    state: str
    heard: str
    messages: str
    size: int
    scale: float
    rate: float

    functions = ("tanh", "leak")

    def work(self) -> Work:
        return {"leak": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        blocks = f"{self.state}, {self.heard}, {self.messages}, {self.size}"
        numbers = f"{literal(self.scale)}, {literal(self.rate)}"
        return [f"{names.function('leak')}({blocks}, {numbers});"]

    def apply(self, memory: Memory) -> None:
        h, u, s = (memory[name] for name in (self.state, self.heard, self.messages))
        h += F(self.rate) * (tanh(u + s * F(self.scale)) - h)


@dataclass(frozen=True)
class GruCell(Unstored):
    """c = tanh(v + s(r) w), h = c + s(z) (h - c), where s is the logistic function.

    Attributes:
        state: h, (H,).
        gates: r and z, (2 H,).
        heard, recalled: v and w, (H,).
    """

    state: str
    gates: str
    heard: str
    recalled: str
    size: int

    functions = ("exp", "sigmoid", "tanh", "gru")

    def work(self) -> Work:
        return {"gru": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        blocks = f"{self.state}, {self.gates}, {self.heard}, {self.recalled}"
        return [f"{names.function('gru')}({blocks}, {self.size});"]

    def apply(self, memory: Memory) -> None:
        h, gates = memory[self.state], sigmoid(memory[self.gates])
        reset, update = gates[:, : self.size], gates[:, self.size :]
        c = tanh(memory[self.heard] + reset * memory[self.recalled])
        h[:] = c + update * (h - c)


@dataclass(frozen=True)
class FastGrnnCell:
    """z = s(p), c = tanh(p + d), h = (zeta (1 - z) + nu) c + z h, with the logistic function s.

    Attributes:
        state, heard: the blocks h and p, (H,).
        apart: d, (H,), the bias of the candidate less that of the gate.
        zeta, nu: how much of a candidate is taken.
    """

    state: str
    heard: str
    apart: Numbers
    zeta: float
    nu: float

    functions = ("exp", "sigmoid", "tanh", "fast_grnn")

    def scalars(self) -> Iterator[Numbers]:
        yield np.array([self.zeta, self.nu], F)
        yield self.apart

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        return {"fast_grnn": (1, len(self.apart))}

    def lines(self, names: Names) -> list[str]:
        blocks = f"{self.state}, {self.heard}, {len(self.apart)}"
        return [f"w = {names.function('fast_grnn')}(w, {blocks});"]

    def apply(self, memory: Memory) -> None:
        h, p = memory[self.state], memory[self.heard]
        z, c = sigmoid(p), tanh(p + self.apart)
        taken = F(self.zeta) * (F(1) - z) + F(self.nu)
        h[:] = taken * c + z * h
