"""The operations of an integer plan on the steps of a sequence.

They mirror ``export.operations.sequence`` and ``export.operations.causal``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from frontier_search.export.integer.format import (
    Format,
    Whole,
    coarser,
    shifted,
    sigmoid,
    tanh,
    upper,
)
from frontier_search.export.integer.operations import Memory, WithoutConstants, product
from frontier_search.export.operation import Names, Work
from frontier_search.export.operations.causal import Causal

MOST_RECALLED = 65535  # 16 in 2^-12: a product with a gate stays within 31 bits


@dataclass(frozen=True)
class Zero(WithoutConstants):
    """y = 0.

    Attributes:
        bits: of a number of the block.
    """

    block: str
    size: int
    bits: int

    functions = ("zero",)

    def work(self) -> Work:
        return {"zero": (1, self.size * self.bits // 8)}

    def lines(self, names: Names) -> list[str]:
        return [f"{names.function('int_zero')}({self.block}, {self.size * self.bits // 8});"]

    def apply(self, memory: Memory) -> None:
        memory[self.block] = np.zeros((len(memory["x_"]), self.size), np.int64)


@dataclass(frozen=True)
class Add(WithoutConstants):
    """s = s + x."""

    source: str
    target: str
    size: int

    functions = ("add",)

    def work(self) -> Work:
        return {"add": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        return [f"{names.function('int_add')}({self.source}, {self.target}, {self.size});"]

    def apply(self, memory: Memory) -> None:
        memory[self.target] = memory[self.target] + memory[self.source]


@dataclass(frozen=True)
class Leak(WithoutConstants):
    """h = h + rate (tanh(u / 2^(12 + near) + factor s / 2^(12 + shift)) - h), rate in 2^-15."""

    state: str
    heard: str
    sums: str
    size: int
    near: int
    factor: int
    shift: int
    rate: int
    form: Format

    functions = ("shift", "tanh", "coarser", "leak")

    def work(self) -> Work:
        return {"leak": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        blocks = f"{self.state}, {self.heard}, {self.sums}, {self.size}"
        numbers = f"{self.near}, {self.factor}, {self.shift}, {self.rate}"
        return [f"{names.function('int_leak')}({blocks}, {numbers});"]

    def apply(self, memory: Memory) -> None:
        old = upper(memory[self.state], self.form)
        heard = shifted(memory[self.heard], self.near)
        heard = heard + shifted(memory[self.sums] * self.factor, self.shift)
        change = shifted(((tanh(heard) - old) >> 1) * self.rate, 14)
        memory[self.state] = coarser(old + change, self.form)


@dataclass(frozen=True)
class GruCell(WithoutConstants):
    """c = tanh(v + sigmoid(r) w), h = c + sigmoid(z) (h - c).

    Attributes:
        state, gates, heard, recalled: the blocks h, [r, z], v and w.
        shifts: of the gates, v and w: each is divided by 2^(12 + shift).
    """

    state: str
    gates: str
    heard: str
    recalled: str
    size: int
    shifts: tuple[int, int, int]
    form: Format

    functions = ("shift", "tanh", "coarser", "sigmoid", "gru")

    def work(self) -> Work:
        return {"gru": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        blocks = f"{self.state}, {self.gates}, {self.heard}, {self.recalled}, {self.size}"
        return [f"{names.function('int_gru')}({blocks}, {', '.join(map(str, self.shifts))});"]

    def apply(self, memory: Memory) -> None:
        of_gates, of_v, of_w = self.shifts
        gates = sigmoid(shifted(memory[self.gates], of_gates))
        reset, update = gates[:, : self.size], gates[:, self.size :]
        w = np.clip(shifted(memory[self.recalled], of_w), -MOST_RECALLED, MOST_RECALLED)
        c = tanh(shifted(memory[self.heard], of_v) + shifted(reset * w, 15))
        kept = (upper(memory[self.state], self.form) - c) >> 1
        memory[self.state] = coarser(c + shifted(kept * update, 14), self.form)


@dataclass(frozen=True)
class FastGrnnCell:
    """z = sigmoid(p), c = tanh(p + d), h = (zeta (1 - z) + nu) c + z h.

    Attributes:
        state, heard: the blocks h and p.
        scales: zeta and nu, in 2^-15.
        apart: d, in 2^-12, (H,).
        shift: p is divided by 2^(12 + shift).
        fraction: h, as the upper bits of 16, is in 2^-fraction.
    """

    state: str
    heard: str
    scales: Whole
    apart: Whole
    shift: int
    fraction: int
    form: Format

    functions = ("shift", "tanh", "sigmoid", "fast_grnn")

    def numbers(self) -> Iterator[Whole]:
        yield from ()

    def biases(self) -> Iterator[Whole]:
        yield self.scales
        yield self.apart

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        return {"fast_grnn": (1, len(self.apart))}

    def lines(self, names: Names) -> list[str]:
        sizes = f"{self.state}, {self.heard}, {len(self.apart)}, {self.shift}, {self.fraction}"
        return [f"b = {names.function('int_fast_grnn')}(b, {sizes});"]

    def apply(self, memory: Memory) -> None:
        heard, (zeta, nu) = shifted(memory[self.heard], self.shift), self.scales
        z, c = sigmoid(heard), tanh(heard + self.apart)
        taken = (zeta * (32768 - z) >> 15) + nu
        found = shifted((taken >> 1) * c, 29 - self.fraction)
        found = found + shifted(upper(memory[self.state], self.form) * z, 15)
        most = self.form.most
        memory[self.state] = np.clip(shifted(found, self.form.coarser), -most, most)


@dataclass(frozen=True)
class IntegerCausal:
    """y = max(0, (b + K * x) / 2^shift) within the format.

    Attributes:
        plain: the convolution in float32, whose steps and taps it has.
        source, target, sums: the blocks.
        kernels: (taps, F, c).
        bias: (F,).
    """

    plain: Causal
    source: str
    target: str
    sums: str
    kernels: Whole
    bias: Whole
    shift: int
    most: int

    functions = ("shift", "narrow", "causal")

    def numbers(self) -> Iterator[Whole]:
        yield self.kernels.transpose(1, 0, 2)

    def biases(self) -> Iterator[Whole]:
        yield self.bias

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        work = self.plain.work()
        return {"causal": work["causal"], "narrow": work["relu_all"]}

    def lines(self, names: Names) -> list[str]:
        blocks = (self.source, self.target, self.sums)
        arguments = f"b, {self.plain.arguments(*blocks)}, {self.shift}"
        call = f"w = {names.function('int_causal')}(w, {arguments});"
        return [call, f"b += {len(self.bias)};"]

    def apply(self, memory: Memory) -> None:
        plain, (taps, filters, width) = self.plain, self.kernels.shape
        x = memory[self.source][:, plain.at :]
        n_rows, (steps, wanted) = len(x), plain.steps
        x = x.reshape(n_rows, -1, width)[:, :steps]
        s = np.zeros((n_rows, wanted, filters), np.int64) + self.bias
        for tap in range(taps):
            start, past = plain.past(tap)
            s[:, start:] += product(x[:, past], self.kernels[tap])
        y = np.clip(shifted(s, self.shift), 0, self.most).reshape(n_rows, -1)
        if plain.begin:
            y = np.concatenate([memory[self.target][:, : plain.begin], y], axis=1)
        memory[self.target] = y
