"""The stacked program of ``architectures.feedforward``: one baddbmm a layer over all M models."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.network import uniform
from frontier_search.models.tanh import differentiable_tanh, tanh


class FeedForwardStack:
    """M fully connected networks of equal width and depth.

    Learned, for layer l of the hidden layers and the output: ``weight_l`` (M, fan_out, fan_in) and
    ``bias_l`` (M, fan_out, 1).
    """

    def __init__(
        self,
        models: Sequence[FeedForward],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        first = models[0]
        widths = [n_inputs, *[first.hidden] * first.layers, n_outputs]
        self.layers = first.layers + 1
        self.learned: dict[str, tuple[int, ...]] = {}
        for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
            self.learned[f"weight_{layer}"] = (fan_out, fan_in)
            self.learned[f"bias_{layer}"] = (fan_out, 1)

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        weights = {}
        for layer in range(self.layers):
            _, fan_in = self.learned[f"weight_{layer}"]
            for name in (f"weight_{layer}", f"bias_{layer}"):
                weights[name] = uniform(generator, self.learned[name], fan_in)
        return weights

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        for layer in range(self.layers):
            x = torch.baddbmm(learned[f"bias_{layer}"], learned[f"weight_{layer}"], x)
            if layer < self.layers - 1:
                x = differentiable_tanh(x)
        return x

    def forward_saving(
        self, learned: Mapping[str, Tensor], x: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        inputs = [x]
        for layer in range(self.layers):
            x = torch.baddbmm(learned[f"bias_{layer}"], learned[f"weight_{layer}"], x)
            if layer < self.layers - 1:
                inputs.append(tanh(x, out=x))
        return x, inputs

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: list[Tensor],
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        d = d_outputs
        for layer in reversed(range(self.layers)):
            torch.bmm(d, saved[layer].mT, out=gradients[f"weight_{layer}"])
            torch.sum(d, dim=2, keepdim=True, out=gradients[f"bias_{layer}"])
            if layer:
                d = torch.ops.aten.tanh_backward(
                    torch.bmm(learned[f"weight_{layer}"].mT, d), saved[layer]
                )
