"""The architecture of a user's own module: its size is counted on the module itself.

This is the one architecture that cannot be counted without torch, which is loaded when the size is
asked for and not before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from frontier_search.models.family import Size
from frontier_search.space import Value
from frontier_search.zoo import load

COUNT = "frontier_search.models.module:size"


@dataclass(frozen=True)
class OwnModule:
    """A module that a callable of the user makes.

    Attributes:
        path: import path of the callable.
        arguments: its (name, value) pairs, without those of the optimiser.
    """

    path: str
    arguments: tuple[tuple[str, Value], ...]
    network: str = "frontier_search.models.networks.own_module:stack"
    rank: int = 0

    @property
    def shape(self) -> tuple[object, ...]:
        return (self.path, self.arguments)

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Returns the size. It is counted on a device without values.

        Raises:
            SpecError: the module cannot be made, or does not map rows to outputs.
        """
        counted = cast(Callable[[OwnModule, int, int], Size], load(COUNT))
        return counted(self, n_inputs, n_outputs)
