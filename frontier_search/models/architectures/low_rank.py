"""A dense network whose hidden layers have weights of low rank.

    h_l = max(0, U_l V_l h_{l-1} + b_l)     y = W_out h_L + b_out,     V_l: r x fan-in, U_l: h x r

Source: Denil et al., "Predicting Parameters in Deep Learning" (NIPS 2013), section 2; Sainath et
al., "Low-rank matrix factorization for deep neural network training" (ICASSP 2013).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.family import Size


@dataclass(frozen=True)
class LowRank:
    """``layers`` hidden layers of ``hidden`` units each, through ``inner`` numbers.

    Attributes:
        hidden: h.
        inner: r, the rank.
        layers: L.
    """

    hidden: int
    inner: int
    layers: int = 2
    network: str = "frontier_search.models.networks.low_rank:LowRankStack"
    rank: int = 0

    def __post_init__(self) -> None:
        if self.hidden < 1 or not 1 <= self.inner <= self.hidden:
            raise SpecError(
                f"hidden = {self.hidden} and inner = {self.inner}; "
                "a rank of at least 1 and at most the number of hidden units is needed"
            )

    @property
    def shape(self) -> Hashable:
        return (self.hidden, self.inner, self.layers)

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """r (d + h) + h + (L - 1)(2 h r + h) + h o + o scalars, all effective."""
        d, h, r, o = n_inputs, self.hidden, self.inner, n_outputs
        products = r * (d + h) + (self.layers - 1) * 2 * h * r + h * o
        raw = products + self.layers * h + o
        flops = 2 * products + self.layers * h
        return Size(raw=raw, effective=raw, flops=flops, bytes=4 * raw)
