"""The stacked program of ``architectures.low_rank``: two products for each hidden layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from frontier_search.models.architectures.low_rank import LowRank
from frontier_search.models.network import uniform
from frontier_search.models.program import Layer, Program


class LowRankStack:
    """M networks of equal width, depth and rank.

    Learned, for hidden layer l: ``inner_l`` (M, r, fan_in), ``outer_l`` (M, h, r) and ``bias_l``
    (M, h, 1); then ``weight`` (M, o, h) and ``bias`` (M, o, 1).
    """

    def __init__(
        self,
        models: Sequence[LowRank],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        hidden, inner, self.layers = models[0].hidden, models[0].inner, models[0].layers
        self.hidden, self.inner, self.n_outputs = hidden, inner, n_outputs
        self.learned: dict[str, tuple[int, ...]] = {}
        for layer in range(self.layers):
            self.learned[f"inner_{layer}"] = (inner, hidden if layer else n_inputs)
            self.learned[f"outer_{layer}"] = (hidden, inner)
            self.learned[f"bias_{layer}"] = (hidden, 1)
        self.learned |= {"weight": (n_outputs, hidden), "bias": (n_outputs, 1)}

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws each matrix and its bias as torch.nn.Linear does, by the fan-in of the matrix."""
        weights, fan_in = {}, 1
        for name, shape in self.learned.items():
            fan_in = fan_in if name.startswith("bias") else shape[1]
            weights[name] = uniform(generator, shape, fan_in)
        return weights

    def program(self) -> Program:
        pair = (Layer(self.inner, biased=False, active=False), Layer(self.hidden))
        readout = Layer(self.n_outputs, active=False)
        return Program(
            "dense", self.hidden, layers=(*pair * self.layers, readout), activation="relu"
        )

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        for layer in range(self.layers):
            inner = torch.bmm(learned[f"inner_{layer}"], x)
            x = torch.baddbmm(learned[f"bias_{layer}"], learned[f"outer_{layer}"], inner).relu()
        return torch.baddbmm(learned["bias"], learned["weight"], x)
