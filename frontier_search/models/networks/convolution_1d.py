"""The stacked program of ``architectures.convolution_1d``: one product for each tap of a kernel.

The columns of (M, C, T n) are ordered by step. To look back by s steps is therefore to leave out
the last s n columns, and a causal convolution needs no copy of its input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from frontier_search.models.architectures.convolution_1d import Convolution1d
from frontier_search.models.network import uniform
from frontier_search.models.networks.gated import by_step
from frontier_search.models.sequence import steps


class Convolution1dStack:
    """M causal convolutions of one shape.

    Learned: of layer l ``k_l`` (M, taps, F, width), the last tap of which is the present step, and
    ``b_l`` (M, F, 1); ``w_out`` (M, o, F) and ``b_out`` (M, o, 1).
    """

    def __init__(
        self,
        models: Sequence[Convolution1d],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        self.model, self.n_steps = models[0], steps(n_inputs, models[0].channels)
        filters, kernel = self.model.filters, self.model.kernel
        widths = [self.model.channels] + [filters] * (self.model.layers - 1)
        self.learned: dict[str, tuple[int, ...]] = {}
        self._fans: dict[str, int] = {"w_out": filters, "b_out": filters}
        for layer, width in enumerate(widths):
            self.learned[f"k_{layer}"] = (kernel, filters, width)
            self.learned[f"b_{layer}"] = (filters, 1)
            self._fans |= {f"k_{layer}": kernel * width, f"b_{layer}": kernel * width}
        self.learned |= {"w_out": (n_outputs, filters), "b_out": (n_outputs, 1)}

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        return {
            name: uniform(generator, shape, self._fans[name])
            for name, shape in self.learned.items()
        }

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        n_rows = x.shape[2]
        maps = by_step(x, self.n_steps, self.model.channels)
        for layer in range(self.model.layers):
            kernels, back = learned[f"k_{layer}"], 2**layer * n_rows
            total = torch.baddbmm(learned[f"b_{layer}"], kernels[:, -1], maps)
            for tap in range(1, self.model.taps(layer, self.n_steps)):
                early = maps[..., : maps.shape[2] - tap * back]
                past = torch.bmm(kernels[:, -1 - tap], early)
                total = total + torch.nn.functional.pad(past, (tap * back, 0))
            maps = total.relu()
        if self.model.pooled == "last":
            pooled = maps[..., -n_rows:]
        else:
            pooled = maps.reshape(*maps.shape[:2], self.n_steps, n_rows).mean(dim=2)
        return torch.baddbmm(learned["b_out"], learned["w_out"], pooled)
