"""The operations of an integer plan. They mirror ``export.operations``.

A block of sums is 32 bits wide; a block of numbers is as wide as the format.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from frontier_search.export.integer.format import Format, Whole, coarser, quantised, shifted, tanh
from frontier_search.export.operation import Names, Work, repeated, total
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


class _Plain:
    def numbers(self) -> Iterator[Whole]:
        yield from ()

    def biases(self) -> Iterator[Whole]:
        yield from ()

    def tables(self) -> Iterator[bytes]:
        yield from ()


@dataclass(frozen=True)
class Sum(_Plain):
    """s = b + W x, or s = s + W x without a bias."""

    source: str
    target: str
    weights: Whole
    bias: Whole | None

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
        sizes = f"{self.source}, {self.target}, {n}, {m}"
        if self.bias is None:
            return [f"w = {names.function('int_accumulate')}(w, {sizes});"]
        return [f"w = {names.function('int_affine')}(w, b, {sizes});", f"b += {n};"]

    def apply(self, memory: Memory) -> None:
        start = memory[self.target] if self.bias is None else self.bias
        memory[self.target] = start + product(memory[self.source], self.weights)


@dataclass(frozen=True)
class Narrow(_Plain):
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
class Tanh(_Plain):
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
class Send(_Plain):
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
class Change(_Plain):
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
        old = memory[self.state][part] * (1 << self.form.coarser)
        u = tanh(shifted(memory[self.sums][part] * self.factor, self.shift)) + old
        u = tanh(shifted(u, 3)) - old
        changed = memory[self.state].copy()
        changed[part] = coarser(old + shifted((u >> 1) * self.rate, 14), self.form)
        memory[self.state] = changed


@dataclass(frozen=True)
class Times(_Plain):
    """Does operations several times, each time with the same constants."""

    times: int
    body: Sequence[IntegerOperation]

    @property
    def functions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for each in self.body for name in each.functions))

    def numbers(self) -> Iterator[Whole]:
        for each in self.body:
            yield from each.numbers()

    def tables(self) -> Iterator[bytes]:
        for each in self.body:
            yield from each.tables()

    def work(self) -> Work:
        return repeated(total([each.work() for each in self.body]), self.times)

    def lines(self, names: Names) -> list[str]:
        again = any(True for _ in self.numbers())
        inner = [f"    {line}" for each in self.body for line in each.lines(names)]
        inner = ["    w = first;", *inner] if again else inner
        loop = [f"for (int i = 0; i < {self.times}; i++) {{", *inner, "}"]
        if not again:
            return loop
        head = f"{names.constant(names.function('number'))} *first = w;"
        return ["{", f"    {head}", *(f"    {line}" for line in loop), "}"]

    def apply(self, memory: Memory) -> None:
        for _ in range(self.times):
            for each in self.body:
                each.apply(memory)


@dataclass(frozen=True)
class Quantise(_Plain):
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
