"""The stacked program of ``architectures.convolution_1d``: one product for each tap of a kernel.

The columns of (M, C, T n) are ordered by step. To look back by s steps is therefore to leave out
the last s n columns, and a causal convolution needs no copy of its input. Gradients are written by
hand, with the taps added in place: an epoch takes 0.5 to 0.8 of autograd's time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from frontier_search.models.architectures.convolution_1d import Convolution1d
from frontier_search.models.network import uniform
from frontier_search.models.networks.gated import by_step
from frontier_search.models.sequence import steps


class Saved(NamedTuple):
    """Activations of one minibatch of n rows.

    Attributes:
        maps: of the input and of every layer, (M, width, T n).
        pooled: what the readout sees, (M, F, n).
    """

    maps: list[Tensor]
    pooled: Tensor


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
        return torch.baddbmm(learned["b_out"], learned["w_out"], self._pooled(maps, n_rows))

    def forward_saving(self, learned: Mapping[str, Tensor], x: Tensor) -> tuple[Tensor, Saved]:
        maps = [by_step(x, self.n_steps, self.model.channels)]
        for layer in range(self.model.layers):
            total = torch.baddbmm(learned[f"b_{layer}"], learned[f"k_{layer}"][:, -1], maps[-1])
            for kernel, early, late in self._past(learned[f"k_{layer}"], layer, maps[-1], total):
                late.baddbmm_(kernel, early)
            maps.append(total.relu_())
        saved = Saved(maps, self._pooled(maps[-1], x.shape[2]))
        return torch.baddbmm(learned["b_out"], learned["w_out"], saved.pooled), saved

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: Saved,
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        torch.bmm(d_outputs, saved.pooled.mT, out=gradients["w_out"])
        torch.sum(d_outputs, dim=2, keepdim=True, out=gradients["b_out"])
        d_maps = self._spread(torch.bmm(learned["w_out"].mT, d_outputs))
        for layer in reversed(range(self.model.layers)):
            name, before = f"k_{layer}", saved.maps[layer]
            kernels, d_kernels = learned[name], gradients[name].zero_()
            d_total = d_maps.mul_(saved.maps[layer + 1] > 0)
            torch.sum(d_total, dim=2, keepdim=True, out=gradients[f"b_{layer}"])
            d_kernels[:, -1] = torch.bmm(d_total, before.mT)
            for d_kernel, early, late in self._past(d_kernels, layer, before, d_total):
                d_kernel.copy_(torch.bmm(late, early.mT))
            if layer:
                d_maps = torch.bmm(kernels[:, -1].mT, d_total)
                for kernel, d_early, late in self._past(kernels, layer, d_maps, d_total):
                    d_early.baddbmm_(kernel.mT, late)

    def _past(
        self, kernels: Tensor, layer: int, before: Tensor, after: Tensor
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yields each earlier tap of a layer, the maps that it sees, and those that it adds to."""
        n_columns = before.shape[2]
        back = 2**layer * n_columns // self.n_steps
        for tap in range(1, self.model.taps(layer, self.n_steps)):
            yield (
                kernels[:, -1 - tap],
                before[..., : n_columns - tap * back],
                after[..., tap * back :],
            )

    def _pooled(self, maps: Tensor, n_rows: int) -> Tensor:
        """Returns what the readout sees of n rows, (M, F, n)."""
        if self.model.pooled == "last":
            return maps[..., -n_rows:]
        return maps.reshape(*maps.shape[:2], self.n_steps, n_rows).mean(dim=2)

    def _spread(self, d_pooled: Tensor) -> Tensor:
        """Returns the gradient of the last maps, (M, F, T n), given that of what is pooled."""
        by_steps = d_pooled.new_zeros(*d_pooled.shape[:2], self.n_steps, d_pooled.shape[2])
        if self.model.pooled == "last":
            by_steps[:, :, -1] = d_pooled
        else:
            by_steps[:] = d_pooled.unsqueeze(2) / self.n_steps
        return by_steps.flatten(2)
