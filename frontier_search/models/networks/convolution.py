"""The stacked programs of ``architectures.convolution``.

A stack's convolutions are one grouped convolution with a group for each model, in the memory order
channels last. At 28 x 28 pixels it takes less than half the time of patches multiplied by kernels
in feature-major order, and the same time at 8 x 8. It needs the batch outermost and the models
innermost, so images are transposed once on the way in and once on the way out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from frontier_search.models.architectures.convolution import Convolution, Convolutional, Scaffold
from frontier_search.models.image import side
from frontier_search.models.network import uniform
from frontier_search.models.networks.reservoir import ReservoirStack
from frontier_search.models.tanh import differentiable_tanh


class Features:
    """The features of M models.

    Learned, of layer l: ``kernel_l`` (M, C, c, k, k), with c the maps before it, and ``bias_l`` (M,
    C).
    """

    def __init__(self, front: Convolution, n_inputs: int) -> None:
        self.front, self.side, self.pooled = (
            front,
            side(n_inputs),
            front.map_side(n_inputs) > front.grid,
        )
        self.learned: dict[str, tuple[int, ...]] = {}
        for layer in range(front.layers):
            maps_before = front.channels if layer else 1
            self.learned[f"kernel_{layer}"] = (
                front.channels,
                maps_before,
                front.kernel,
                front.kernel,
            )
            self.learned[f"bias_{layer}"] = (front.channels,)

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws the first weights as torch.nn.Conv2d does."""
        weights = {}
        for layer in range(self.front.layers):
            fan_in = (self.front.channels if layer else 1) * self.front.kernel**2
            for name in (f"kernel_{layer}", f"bias_{layer}"):
                weights[name] = uniform(generator, self.learned[name], fan_in)
        return weights

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        """Returns (M, C g^2, batch), by map, row and column, for images (M, s^2, batch)."""
        n_models, _, batch = x.shape
        maps = (
            x.permute(2, 1, 0)
            .contiguous()
            .view(batch, self.side, self.side, n_models)
            .permute(0, 3, 1, 2)
        )
        for layer in range(self.front.layers):
            kernel, bias = (
                learned[f"kernel_{layer}"].flatten(0, 1),
                learned[f"bias_{layer}"].flatten(),
            )
            stride = self.front.stride if layer == 0 else 1
            maps = functional.conv2d(
                maps, kernel, bias, stride, padding=self.front.kernel // 2, groups=n_models
            )
            maps = differentiable_tanh(maps)
        if self.pooled:
            maps = functional.adaptive_avg_pool2d(maps, self.front.grid)
        return maps.permute(1, 2, 3, 0).reshape(n_models, self.front.features, batch)


class ConvolutionalStack:
    """M models of equal features and width, with their own graphs and numbers of steps.

    Learned: those of ``Features`` and of ``networks.reservoir``. Fixed: ``graph``.
    """

    def __init__(
        self,
        models: Sequence[Convolutional],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        front = models[0].front
        self.features = Features(front, n_inputs)
        self.core = ReservoirStack(
            [model.core for model in models], seeds, front.features, n_outputs, device
        )
        self.graph = self.core.graph
        self.learned = self.features.learned | self.core.learned

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        return self.features.initial(generator) | self.core.initial(generator)

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        return self.core.forward(learned, self.features.forward(learned, x))


class ScaffoldStack:
    """M models of equal features, with their own graphs and numbers of steps.

    Learned: those of ``Features``, ``w_h`` (M, o, H) and ``b`` (M, o, 1). Fixed: ``graph``.
    """

    def __init__(
        self,
        models: Sequence[Scaffold],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        front = models[0].front
        self.features = Features(front, n_inputs)
        self.core = ReservoirStack(
            [model.core for model in models], seeds, front.features, n_outputs, device
        )
        self.graph = self.core.graph
        self.learned = self.features.learned | {
            "w_h": (n_outputs, front.features),
            "b": (n_outputs, 1),
        }

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        fan_in = self.features.front.features
        return self.features.initial(generator) | {
            name: uniform(generator, self.learned[name], fan_in) for name in ("w_h", "b")
        }

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        return torch.baddbmm(
            learned["b"], learned["w_h"], self.core.recur({}, self.features.forward(learned, x))
        )
