"""A fully connected network with equal hidden layers.

    h_1 = phi(W_1 x + b_1)     h_{l+1} = phi(W_{l+1} h_l + b_{l+1})     y = W_out h_L + b_out

with phi = tanh.
"""

from __future__ import annotations

from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.family import Size


@dataclass(frozen=True)
class FeedForward:
    """The shape of ``layers`` hidden layers with ``hidden`` units each."""

    hidden: int
    layers: int
    network: str = "frontier_search.models.networks.feedforward:FeedForwardStack"
    rank: int = 0

    def __post_init__(self) -> None:
        if self.hidden < 1:
            raise SpecError(f"hidden = {self.hidden}; at least one hidden unit is needed")

    @property
    def shape(self) -> tuple[int, int]:
        return (self.hidden, self.layers)

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts d h + h + (L - 1)(h^2 + h) + h o + o scalars, all effective."""
        d, h, o = n_inputs, self.hidden, n_outputs
        raw = d * h + h + (self.layers - 1) * (h * h + h) + h * o + o
        products = d * h + (self.layers - 1) * h * h + h * o
        return Size(raw=raw, effective=raw, flops=2 * products + self.layers * h, bytes=4 * raw)
