"""The stacked program of ``architectures.feedforward``: one baddbmm a layer over all M models."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.network import uniform
from frontier_search.models.program import Layer, Program
from frontier_search.models.tanh import differentiable_tanh, tanh


class FeedForwardStack:
    """M fully connected networks of equal width and depth.

    Learned, for layer l of L hidden layers and the output: ``weight_l`` (M, fan_out, fan_in) and
    ``bias_l`` (M, fan_out, 1); with a skip connection also ``weight_skip`` (M, o, d).
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
        self.hidden, self.layers = first.hidden, first.layers + 1
        self.activation, self.skip = first.activation, first.skip
        widths = [n_inputs, *[first.hidden] * first.layers, n_outputs]
        self.learned: dict[str, tuple[int, ...]] = {}
        for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
            self.learned[f"weight_{layer}"] = (fan_out, fan_in)
            self.learned[f"bias_{layer}"] = (fan_out, 1)
        if self.skip:
            self.learned["weight_skip"] = (n_outputs, n_inputs)

    def program(self) -> Program:
        widths = [self.learned[f"weight_{layer}"][0] for layer in range(self.layers)]
        return Program(
            "dense",
            self.hidden,
            layers=(*map(Layer, widths[:-1]), Layer(widths[-1], active=False)),
            activation=self.activation,
            skip=self.skip,
        )

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws the first weights of torch.nn.Linear, whose fan-in counts what a layer sees."""
        weights = {}
        for layer in range(self.layers):
            _, fan_in = self.learned[f"weight_{layer}"]
            if self.skip and layer == self.layers - 1:
                fan_in += self.learned["weight_skip"][1]
            for name in (f"weight_{layer}", f"bias_{layer}"):
                weights[name] = uniform(generator, self.learned[name], fan_in)
        if self.skip:
            shape = self.learned["weight_skip"]
            weights["weight_skip"] = uniform(generator, shape, shape[1] + self.hidden)
        return weights

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        h = x
        for layer in range(self.layers):
            h = torch.baddbmm(learned[f"bias_{layer}"], learned[f"weight_{layer}"], h)
            if layer < self.layers - 1:
                h = differentiable_tanh(h) if self.activation == "tanh" else h.relu()
        return torch.baddbmm(h, learned["weight_skip"], x) if self.skip else h

    def forward_saving(
        self, learned: Mapping[str, Tensor], x: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        inputs = [x]
        for layer in range(self.layers):
            h = torch.baddbmm(learned[f"bias_{layer}"], learned[f"weight_{layer}"], inputs[-1])
            if layer < self.layers - 1:
                inputs.append(tanh(h, out=h) if self.activation == "tanh" else h.relu_())
        return torch.baddbmm(h, learned["weight_skip"], x) if self.skip else h, inputs

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: list[Tensor],
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        if self.skip:
            torch.bmm(d_outputs, saved[0].mT, out=gradients["weight_skip"])
        d = d_outputs
        for layer in reversed(range(self.layers)):
            torch.bmm(d, saved[layer].mT, out=gradients[f"weight_{layer}"])
            torch.sum(d, dim=2, keepdim=True, out=gradients[f"bias_{layer}"])
            if layer:
                d = torch.bmm(learned[f"weight_{layer}"].mT, d)
                if self.activation == "tanh":
                    d = torch.ops.aten.tanh_backward(d, saved[layer])
                else:
                    d = torch.ops.aten.threshold_backward(d, saved[layer], 0)
