"""Loops: the same operations several times, on the same constants or on the next ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from frontier_search.export.operation import (
    Memory,
    Names,
    Numbers,
    Operation,
    Work,
    distinct,
    loop,
    repeated,
    total,
)


class Within:
    """Operations that another one does several times, each time with the same constants."""

    body: Sequence[Operation]

    @property
    def functions(self) -> tuple[str, ...]:
        return distinct(self.body)

    def scalars(self) -> Iterator[Numbers]:
        for each in self.body:
            yield from each.scalars()

    def tables(self) -> Iterator[bytes]:
        for each in self.body:
            yield from each.tables()

    def work_of(self, times: int) -> Work:
        return repeated(total([each.work() for each in self.body]), times)

    def lines_of(self, names: Names) -> list[str]:
        return [line for each in self.body for line in each.lines(names)]

    def from_first(self, names: Names, times: int, lines: Sequence[str]) -> list[str]:
        """Returns a C loop whose turns read the same constants."""
        turns = loop(names, times, ["w = first;", *lines])
        first = f"    {names.constant('float')} *first = w;"
        return ["{", first, *(f"    {line}" for line in turns), "}"]


@dataclass(frozen=True)
class Repeat(Within):
    """Does operations ``times`` times, each time with the same constants.

    Attributes:
        rows: name of a block within a block: ``rows[name] = (block, size)`` is numbers i size to
            (i + 1) size of the block in turn i.
    """

    times: int
    body: Sequence[Operation]
    rows: dict[str, tuple[str, int]] = field(default_factory=dict)

    def work(self) -> Work:
        return self.work_of(self.times)

    def lines(self, names: Names) -> list[str]:
        views = [
            f"{'const ' if block == 'x' else ''}float *{name} = {block} + i * {size};"
            for name, (block, size) in self.rows.items()
        ]
        inner = [*views, *self.lines_of(names)]
        if any(True for _ in self.scalars()):
            return self.from_first(names, self.times, inner)
        return loop(names, self.times, inner)

    def apply(self, memory: Memory) -> None:
        for i in range(self.times):
            self.turn(i, memory)

    def turn(self, i: int, memory: Memory) -> None:
        """Does turn ``i``."""
        for name, (block, size) in self.rows.items():
            memory[name] = memory[block][:, i * size : (i + 1) * size]
        for each in self.body:
            each.apply(memory)


@dataclass(frozen=True)
class Turns:
    """Does the operations of several turns, one after the other, each with its own constants.

    All turns are equal but for their constants.
    """

    turns: Sequence[Sequence[Operation]]

    @property
    def functions(self) -> tuple[str, ...]:
        return distinct(self.turns[0])

    def scalars(self) -> Iterator[Numbers]:
        for turn in self.turns:
            for each in turn:
                yield from each.scalars()

    def tables(self) -> Iterator[bytes]:
        for each in self.turns[0]:
            yield from each.tables()

    def work(self) -> Work:
        return total([each.work() for turn in self.turns for each in turn])

    def lines(self, names: Names) -> list[str]:
        inner = [line for each in self.turns[0] for line in each.lines(names)]
        return loop(names, len(self.turns), inner)

    def apply(self, memory: Memory) -> None:
        for turn in self.turns:
            for each in turn:
                each.apply(memory)
