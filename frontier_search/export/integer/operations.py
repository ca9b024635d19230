"""The operations of an integer plan. They mirror ``export.operations``.

A block of sums is 32 bits wide; a block of numbers is as wide as the format.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from frontier_search.export.integer.format import (
    Format,
    Whole,
    coarser,
    quantised,
    shifted,
    tanh,
    upper,
)
from frontier_search.export.operation import Names, Work, from_number, repeated, total
from frontier_search.export.operations.graph import Messages

Memory = dict[str, Whole]


class IntegerOperation(Protocol):
    """One step."""

    @property
    def functions(self) -> tuple[str, ...]: ...
    def numbers(self) -> Iterator[Whole]:
        """Yields the constants in the format."""
        ...

    def biases(self) -> Iterator[Whole]:
        """Yields the constants of 32 bits."""
        ...

    def tables(self) -> Iterator[bytes]: ...
    def work(self) -> Work:
        """Returns how often each function and each of its loops runs."""
        ...

    def lines(self, names: Names) -> list[str]: ...
    def apply(self, memory: Memory) -> None: ...


def product(x: Whole, weights: Whole) -> Whole:
    """Returns x W^T, (n, rows of W), for numbers and weights of at most 16 bits.

    It is done in float64, which is exact for sums below 2^53 and much faster than in integers.
    """
    return (x.astype(np.float64) @ weights.T.astype(np.float64)).astype(np.int64)


class WithoutConstants:
    """An operation that reads no constants."""

    def numbers(self) -> Iterator[Whole]:
        yield from ()

    def biases(self) -> Iterator[Whole]:
        yield from ()

    def tables(self) -> Iterator[bytes]:
        yield from ()


@dataclass(frozen=True)
class Sum(WithoutConstants):
    """s = b + W x, or s = s + W x without a bias, where x begins at number ``at`` of a block."""

    source: str
    target: str
    weights: Whole
    bias: Whole | None
    at: int = 0

    @property
    def functions(self) -> tuple[str, ...]:
        return ("accumulate",) if self.bias is None else ("affine",)

    def numbers(self) -> Iterator[Whole]:
        yield self.weights

    def biases(self) -> Iterator[Whole]:
        if self.bias is not None:
            yield self.bias

    def work(self) -> Work:
        n, m = self.weights.shape
        return {self.functions[0]: (1, n, n * m)}

    def lines(self, names: Names) -> list[str]:
        n, m = self.weights.shape
        sizes = f"{from_number(self.source, self.at)}, {self.target}, {n}, {m}"
        if self.bias is None:
            return [f"w = {names.function('int_accumulate')}(w, {sizes});"]
        return [f"w = {names.function('int_affine')}(w, b, {sizes});", f"b += {n};"]

    def apply(self, memory: Memory) -> None:
        start = memory[self.target] if self.bias is None else self.bias
        x = memory[self.source][:, self.at : self.at + self.weights.shape[1]]
        memory[self.target] = start + product(x, self.weights)


@dataclass(frozen=True)
class Narrow(WithoutConstants):
    """y = s / 2^shift within the format; not below 0 for relu."""

    source: str
    target: str
    size: int
    shift: int
    least: int
    most: int

    functions = ("shift", "narrow")

    def work(self) -> Work:
        return {"narrow": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        sizes = f"{self.source}, {self.target}, {self.size}, {self.shift}, {self.least}"
        return [f"{names.function('int_narrow')}({sizes});"]

    def apply(self, memory: Memory) -> None:
        found = shifted(memory[self.source], self.shift)
        memory[self.target] = np.clip(found, self.least, self.most)


@dataclass(frozen=True)
class Tanh(WithoutConstants):
    """y = tanh(s / 2^(12 + shift))."""

    source: str
    target: str
    size: int
    shift: int
    form: Format

    functions = ("shift", "tanh", "coarser", "tanh_all")

    def work(self) -> Work:
        return {"tanh_all": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        sizes = f"{self.source}, {self.target}, {self.size}, {self.shift}"
        return [f"{names.function('int_tanh_all')}({sizes});"]

    def apply(self, memory: Memory) -> None:
        memory[self.target] = coarser(tanh(shifted(memory[self.source], self.shift)), self.form)


@dataclass(frozen=True)
class Send(WithoutConstants):
    """s = G h, with the pattern of a float operation and its own weights, if it has any."""

    plain: Messages
    target: str
    weights: Whole | None

    @property
    def functions(self) -> tuple[str, ...]:
        return self.plain.functions

    def numbers(self) -> Iterator[Whole]:
        if self.weights is not None:
            yield self.weights

    def tables(self) -> Iterator[bytes]:
        yield from self.plain.tables()

    def work(self) -> Work:
        return self.plain.work()

    def lines(self, names: Names) -> list[str]:
        (line,) = self.plain.lines(names)
        call = names.function(self.functions[0])
        changed = line.replace(call, names.function(f"int_{self.functions[0]}"))
        return [changed.replace(f", {self.plain.target},", f", {self.target},")]

    def apply(self, memory: Memory) -> None:
        pattern = self.plain.pattern
        matrix = np.zeros(pattern.shape, np.int64)
        matrix[pattern] = 1 if self.weights is None else self.weights
        memory[self.target] = product(memory[self.plain.source], matrix)


@dataclass(frozen=True)
class Change(WithoutConstants):
    """h = h + rate (tanh(h + tanh(factor s / 2^(12 + shift))) - h) for some units."""

    state: str
    sums: str
    start: int
    stop: int
    factor: int
    shift: int
    rate: int
    form: Format

    functions = ("shift", "tanh", "coarser", "update")

    def work(self) -> Work:
        return {"update": (1, self.stop - self.start)}

    def lines(self, names: Names) -> list[str]:
        at = f" + {self.start}" if self.start else ""
        blocks = f"{self.state}{at}, {self.sums}{at}, {self.stop - self.start}"
        sizes = f"{self.factor}, {self.shift}, {self.rate}"
        return [f"{names.function('int_update')}({blocks}, {sizes});"]

    def apply(self, memory: Memory) -> None:
        part = np.s_[:, self.start : self.stop]
        old = upper(memory[self.state][part], self.form)
        u = tanh(shifted(memory[self.sums][part] * self.factor, self.shift)) + old
        u = tanh(shifted(u, 3)) - old
        changed = memory[self.state].copy()
        changed[part] = coarser(old + shifted((u >> 1) * self.rate, 14), self.form)
        memory[self.state] = changed


@dataclass(frozen=True)
class Times(WithoutConstants):
    """Does operations several times, each time with the same constants.

    Attributes:
        rows: name of a block within a block, see ``export.operations.loop.Repeat``.
    """

    times: int
    body: Sequence[IntegerOperation]
    rows: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def functions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for each in self.body for name in each.functions))

    def numbers(self) -> Iterator[Whole]:
        for each in self.body:
            yield from each.numbers()

    def biases(self) -> Iterator[Whole]:
        for each in self.body:
            yield from each.biases()

    def tables(self) -> Iterator[bytes]:
        for each in self.body:
            yield from each.tables()

    def work(self) -> Work:
        return repeated(total([each.work() for each in self.body]), self.times)

    def lines(self, names: Names) -> list[str]:
        number = names.function("number")
        first = [
            (kind, pointer, kept)
            for kind, pointer, kept, parts in (
                (number, "w", "first", self.numbers()),
                ("int32_t", "b", "start", self.biases()),
            )
            if any(True for _ in parts)
        ]
        inner = [
            *(f"{pointer} = {kept};" for _, pointer, kept in first),
            *(f"const {number} *{row} = {at} + i * {n};" for row, (at, n) in self.rows.items()),
            *(line for each in self.body for line in each.lines(names)),
        ]
        loop = [
            f"for (int i = 0; i < {self.times}; i++) {{",
            *(f"    {line}" for line in inner),
            "}",
        ]
        if not first:
            return loop
        heads = [f"{names.constant(kind)} *{kept} = {pointer};" for kind, pointer, kept in first]
        return ["{", *(f"    {line}" for line in [*heads, *loop]), "}"]

    def apply(self, memory: Memory) -> None:
        for i in range(self.times):
            for name, (block, size) in self.rows.items():
                memory[name] = memory[block][:, i * size : (i + 1) * size]
            for each in self.body:
                each.apply(memory)


@dataclass(frozen=True)
class Quantise(WithoutConstants):
    """q = x 2^fraction, of float32 inputs."""

    size: int
    fraction: int
    form: Format

    functions = ("quantise",)

    def work(self) -> Work:
        return {"quantise": (1, self.size)}

    def lines(self, names: Names) -> list[str]:
        return [f"{names.function('int_quantise')}(x, x_, {self.size}, {self.fraction});"]

    def of(self, x: np.ndarray) -> Whole:
        return quantised(x, self.fraction, self.form)

    def apply(self, memory: Memory) -> None:
        """Does nothing: the plan begins with it."""
