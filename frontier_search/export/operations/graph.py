"""Messages along a fixed graph: s_i = sum over the units j that i listens to.

A graph is stored in the fewest bytes: not at all if it is the Kronecker power of [[1, 1], [1, 0]],
whose entries follow from their indices; else as bits, or as a list of edges. If all edges have one
weight, it is multiplied into the sum afterwards (``Update``); else the weights are stored beside.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from frontier_search.export.operation import Memory, Names, Numbers, Work

Storage = Literal["rule", "bits", "edges", "others"]
MOST_UNITS_OF_EDGES = 256  # a unit's number is one byte


@dataclass(frozen=True)
class Messages:
    """s = G h, where G may lack a scale that all of its edges share.

    Attributes:
        source, target: the blocks h and s, both (H,).
        pattern: (H, H), where G is not zero.
        weights: of the edges, row by row, (E,); None if each is 1.
        storage: how the pattern is stored.
    """

    source: str
    target: str
    pattern: NDArray[np.bool_]
    weights: Numbers | None
    storage: Storage

    @property
    def functions(self) -> tuple[str, ...]:
        if self.storage == "others":
            return ("others",)
        return (self.storage + ("_weighted" if self.weights is not None else ""),)

    def scalars(self) -> Iterator[Numbers]:
        if self.weights is not None:
            yield self.weights

    def tables(self) -> Iterator[bytes]:
        if self.storage == "bits":
            yield np.packbits(self.pattern.ravel(), bitorder="little").tobytes()
        if self.storage == "edges":
            yield _edges(self.pattern)

    def work(self) -> Work:
        hidden, edges = len(self.pattern), int(self.pattern.sum())
        tried = {"bits": hidden**2, "rule": edges + 1}.get(self.storage, 0)
        return {self.functions[0]: (1, hidden, edges, tried)}

    def lines(self, names: Names) -> list[str]:
        call, arguments = names.function(self.functions[0]), [self.source, self.target]
        arguments = [names.table(table) for table in self.tables()] + arguments
        if self.weights is not None:
            call, arguments = f"w = {call}", ["w", *arguments]
        return [f"{call}({', '.join(arguments)}, {len(self.pattern)});"]

    def apply(self, memory: Memory) -> None:
        h, s = memory[self.source], memory[self.target]
        s[:] = 0
        for units, heard, edges in self._turns:
            part = h[:, heard]
            s[:, units] += part if self.weights is None else self.weights[edges] * part

    @functools.cached_property
    def _turns(self) -> list[tuple[NDArray[np.intp], ...]]:
        """The edges by their rank among those of a unit: (units, whom they listen to, edges)."""
        rows, columns = np.nonzero(self.pattern)
        starts = np.searchsorted(rows, np.arange(len(self.pattern)))
        ranks = np.arange(len(rows)) - starts[rows]
        turns = (np.flatnonzero(ranks == rank) for rank in range(int(ranks.max(initial=-1)) + 1))
        return [(rows[edges], columns[edges], edges) for edges in turns]


def messages(graph: Numbers, source: str, target: str) -> tuple[Messages, float]:
    """Returns the messages of a graph (H, H), and the scale that they lack."""
    hidden, pattern = len(graph), graph != 0
    values = np.unique(graph[pattern])
    weights = None if len(values) <= 1 else graph[pattern]
    scale = float(values[0]) if len(values) == 1 else 1.0
    sizes: dict[Storage, int] = {"bits": -(-(hidden**2) // 8)}
    if hidden & (hidden - 1) == 0 and np.array_equal(pattern, _rule(hidden)):
        sizes = {"rule": 0}
    elif weights is not None and np.array_equal(pattern, ~np.eye(hidden, dtype=bool)):
        sizes = {"others": 0}
    elif hidden < MOST_UNITS_OF_EDGES:
        sizes["edges"] = hidden + int(pattern.sum())
    return Messages(source, target, pattern, weights, min(sizes, key=lambda s: sizes[s])), scale


def _rule(hidden: int) -> NDArray[np.bool_]:
    units = np.arange(hidden)
    listens = (units[:, None] & units) == 0
    np.fill_diagonal(listens, False)
    return np.asarray(listens)


def _edges(pattern: NDArray[np.bool_]) -> bytes:
    rows = [np.flatnonzero(row) for row in pattern]
    return b"".join(bytes([len(row), *row.tolist()]) for row in rows)
