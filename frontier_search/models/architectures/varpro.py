"""A reservoir whose readout is solved for and not learned by gradients: the shape, the counts and the forward pass are the reservoir's."""

from __future__ import annotations

from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.architectures.reservoir import Reservoir


@dataclass(frozen=True)
class VarPro(Reservoir):
    """A reservoir with a solved readout.

    Attributes:
        ridge: penalty on half the squared weights of the readout, its bias apart, beside half the mean squared error.
    """

    ridge: float = 1e-4
    network: str = "frontier_search.models.networks.varpro:VarProStack"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ridge <= 0:
            raise SpecError(
                f"ridge = {self.ridge:g}; a penalty above 0 is needed, or features that repeat one another have no one readout"
            )
