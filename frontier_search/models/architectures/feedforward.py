"""A fully connected network with equal hidden layers, or none.

    h_1 = phi(W_1 x + b_1)     h_{l+1} = phi(W_{l+1} h_l + b_{l+1})     y = W_out h_L + b_out

With a skip connection the readout sees the inputs too, as a reservoir's does, and W_skip x is added
to y. Without a hidden layer the network is an affine map. phi is max(0, z) or tanh.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.family import Size
from frontier_search.models.program import Activation


@dataclass(frozen=True)
class FeedForward:
    """``layers`` hidden layers of ``hidden`` units each.

    Attributes:
        hidden: h; 0 exactly when there is no hidden layer.
        layers: L.
        activation: phi, ``relu`` or ``tanh``.
        skip: whether the readout sees the inputs too.
    """

    hidden: int
    layers: int
    activation: Activation = "relu"
    skip: bool = False
    network: str = "frontier_search.models.networks.feedforward:FeedForwardStack"
    rank: int = 0

    def __post_init__(self) -> None:
        if self.hidden < 1 and self.layers:
            raise SpecError(f"hidden = {self.hidden}; at least one hidden unit is needed")

    @property
    def shape(self) -> tuple[int, int, str, bool]:
        return (self.hidden, self.layers, self.activation, self.skip)

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """d h + h + (L - 1)(h^2 + h) + h o + o scalars, and d o more with a skip connection.

        d o + o without a hidden layer. All are effective.
        """
        widths = [n_inputs, *[self.hidden] * self.layers, n_outputs]
        products = sum(a * b for a, b in itertools.pairwise(widths))
        products += n_inputs * n_outputs if self.skip else 0
        raw = products + sum(widths[1:])
        flops = 2 * products + self.layers * self.hidden
        return Size(raw=raw, effective=raw, flops=flops, bytes=4 * raw)
