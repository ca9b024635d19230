"""A reservoir whose readout is solved for and not learned by gradients.

Its shape, its counts and its forward pass are those of the reservoir.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.family import Size
from frontier_search.models.graph import Graph


@dataclass(frozen=True)
class VarPro:
    """A reservoir with a solved readout.

    Attributes:
        core: the reservoir.
        ridge: penalty on half the squared weights of the readout, without its bias. It is added to
            half the mean squared error, or to the mean log loss.
    """

    core: Reservoir
    ridge: float = 1e-4
    network: str = "frontier_search.models.networks.varpro:VarProStack"

    def __post_init__(self) -> None:
        if self.ridge <= 0:
            raise SpecError(
                f"ridge = {self.ridge:g}; a penalty above 0 is needed, or features that repeat one "
                "another have no one readout"
            )

    @property
    def graph(self) -> Graph | None:
        return self.core.graph

    @property
    def shape(self) -> Hashable:
        return self.core.shape

    @property
    def rank(self) -> int:
        return self.core.rank

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Returns the reservoir's size: every scalar of the readout is counted."""
        return self.core.size(n_inputs, n_outputs)
