"""A plan: what one model computes for a row, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.export.operation import (
    Memory,
    Names,
    Numbers,
    Operation,
    Work,
    distinct,
    total,
)

ROWS_AT_ONCE = 512  # which bounds the memory of the reference


@dataclass(frozen=True)
class Plan:
    """One model.

    Attributes:
        n_inputs: d, the numbers of the block ``x``.
        n_outputs: o, the numbers of the block ``y``.
        blocks: name -> size of what is kept between operations, beside ``x`` and ``y``.
        operations: the steps, in order.
    """

    n_inputs: int
    n_outputs: int
    blocks: Mapping[str, int]
    operations: Sequence[Operation]

    @property
    def functions(self) -> tuple[str, ...]:
        """The C functions that it calls."""
        return distinct(self.operations)

    @property
    def block_bytes(self) -> tuple[int, ...]:
        """The bytes of each block on the stack."""
        return tuple(4 * size for size in self.blocks.values())

    def work(self) -> Work:
        """Returns how often each function and each of its loops runs for a row."""
        return total([each.work() for each in self.operations])

    def statements(self, names: Names) -> list[str]:
        """Returns the C statements of the operations."""
        return [line for each in self.operations for line in each.lines(names)]

    def scalars(self) -> Numbers:
        """Returns all constants, in the order in which they are read."""
        parts = [part.ravel() for each in self.operations for part in each.scalars()]
        return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)

    def tables(self) -> tuple[bytes, ...]:
        """Returns the distinct tables of bytes."""
        return tuple(dict.fromkeys(table for each in self.operations for table in each.tables()))

    @property
    def stored_bytes(self) -> int:
        """The bytes of all constants."""
        return 4 * len(self.scalars()) + sum(map(len, self.tables()))

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the outputs (n, o) of rows (n, d): the reference, which the C equals bit for bit.

        They are logits for classes.
        """
        parts = [
            self._run(x[start : start + ROWS_AT_ONCE]) for start in range(0, len(x), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.n_outputs), np.float32)

    def _run(self, x: NDArray[np.float32]) -> Numbers:
        memory: Memory = {"x": np.array(x, np.float32)}
        for name, size in {**self.blocks, "y": self.n_outputs}.items():
            memory[name] = np.zeros((len(x), size), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            for operation in self.operations:
                operation.apply(memory)
        return memory["y"]
