"""An operation: one step of a plan, on named blocks of float32 numbers.

It is stated twice, in numpy (``apply``) and as a call of a C function (``lines``), and both do the
same float32 operations in the same order, so that they agree in every bit. Constants are read from
one stream, in the order in which they are used: a C function takes the pointer ``w``, reads its
constants and returns the pointer behind them. Its sizes are 1 or more, so that its loops need no
test before the first turn, which saves code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
Memory = dict[str, Numbers]  # block -> (n_rows, size)
# C function -> how often it is called, and how often its loops turn, the innermost last
Work = Mapping[str, tuple[int, ...]]


class Names:
    """What a plan's C calls its functions and tables.

    Args:
        prefix: begins every name, so that two models can be linked into one program.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.tables: dict[bytes, str] = {}

    def function(self, name: str) -> str:
        return f"{self.prefix}_{name}"

    def constant(self, kind: str) -> str:
        """Returns the type of a constant, which stays in flash on every core."""
        return f"const {self.prefix}_FLASH {kind}"

    def table(self, content: bytes) -> str:
        """Returns the name of a table of bytes; equal tables are stored once."""
        return self.tables.setdefault(content, f"{self.prefix}_table{len(self.tables) or ''}")


class Operation(Protocol):
    """One step of a plan."""

    @property
    def functions(self) -> tuple[str, ...]:
        """The C functions that it calls, each a file of ``runtime/``."""
        ...

    def scalars(self) -> Iterator[Numbers]:
        """Yields the constants that it reads, in order."""
        ...

    def tables(self) -> Iterator[bytes]:
        """Yields the tables of bytes that it reads."""
        ...

    def work(self) -> Work:
        """Returns how often each function and each of its loops runs."""
        ...

    def lines(self, names: Names) -> list[str]:
        """Returns its C statements."""
        ...

    def apply(self, memory: Memory) -> None:
        """Does it for n rows at once: changes blocks in place."""
        ...


class Unstored:
    """An operation without constants."""

    def scalars(self) -> Iterator[Numbers]:
        yield from ()

    def tables(self) -> Iterator[bytes]:
        yield from ()


class Words(bytes):
    """A table that is read in words of 32 bits."""


def from_number(block: str, at: int) -> str:
    """Returns the C for a block from number ``at`` on."""
    return f"{block} + {at}" if at else block


def literal(value: float | np.float32) -> str:
    """Returns a float32 as a C literal that is exact."""
    return f"{float(np.float32(value)).hex()}f"


def distinct(operations: Sequence[Operation]) -> tuple[str, ...]:
    """Returns the functions of some operations, each once, in the order of their first call."""
    return tuple(dict.fromkeys(name for each in operations for name in each.functions))


def total(works: Sequence[Work]) -> Work:
    """Returns the sum of some works."""
    found: dict[str, tuple[int, ...]] = {}
    for work in works:
        for name, counts in work.items():
            before = found.get(name, (0,) * len(counts))
            found[name] = tuple(a + b for a, b in zip(before, counts, strict=True))
    return found


def loop(names: Names, turns: int, lines: Sequence[str]) -> list[str]:
    """Returns a C loop over ``i``.

    A compiler writes one or two turns without a loop, which takes more bytes for two, and is not
    what the closed form of ``export.costs`` counts. Where nothing reads ``i``, such a loop is kept.
    """
    head = f"for (int i = 0; i < {turns}; i++) {{"
    if turns <= 2 and not any(re.search(r"\bi\b", line) for line in lines):
        head = f"for (int i = {turns}; i; i--) {{"
        lines = [f"{names.function('KEEP')}(i);", *lines]
    return [head, *(f"    {line}" for line in lines), "}"]


def repeated(work: Work, times: int) -> Work:
    """Returns the work of so many times."""
    return {name: tuple(times * count for count in counts) for name, counts in work.items()}
