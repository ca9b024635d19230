"""The update of a recurrence: h = tanh(h + tanh(scale s)), of which a part may be taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from frontier_search.export.functions import tanh
from frontier_search.export.operation import Memory, Names, Numbers, Work, literal


@dataclass(frozen=True)
class Update:
    """Units ``start`` to ``stop`` of the block h.

    Attributes:
        state, messages: the blocks h and s.
        scale: multiplied into s.
        rate: how much of the update is taken; None for all of it.
    """

    state: str
    messages: str
    start: int
    stop: int
    scale: float = 1.0
    rate: float | None = None

    @property
    def functions(self) -> tuple[str, ...]:
        return ("tanh", "update" if self.rate is None else "update_part")

    def scalars(self) -> Iterator[Numbers]:
        yield from ()

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        return {self.functions[1]: (1, self.stop - self.start)}

    def lines(self, names: Names) -> list[str]:
        at = f" + {self.start}" if self.start else ""
        arguments = [f"{self.state}{at}", f"{self.messages}{at}", str(self.stop - self.start)]
        arguments.append(literal(self.scale))
        if self.rate is not None:
            arguments.append(literal(self.rate))
        return [f"{names.function(self.functions[1])}({', '.join(arguments)});"]

    def apply(self, memory: Memory) -> None:
        h = memory[self.state][:, self.start : self.stop]
        s = memory[self.messages][:, self.start : self.stop]
        update = tanh(h + tanh(s * np.float32(self.scale)))
        h[:] = update if self.rate is None else h + np.float32(self.rate) * (update - h)
