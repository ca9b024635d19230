"""The stacked program of ``architectures.spline``: a reservoir over basis functions of inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from frontier_search.models.architectures.spline import Spline
from frontier_search.models.networks.reservoir import ReservoirStack, Saved, initial_maps
from frontier_search.models.program import Program

LOW, HIGH = -2.0, 2.0  # ends of the grid
FIRST_BEND = 0.1  # standard deviation of the first coefficients about those of a line


def basis(x: Tensor, count: int) -> Tensor:
    """Returns the quadratic B-splines on ``count`` - 2 equal intervals of [LOW, HIGH].

    Beyond the intervals they are continued linearly. On equal intervals each is the same bump,
    moved by one interval: B(v) = 3/4 - v^2 where |v| < 1/2, (3/2 - |v|)^2 / 2 where |v| < 3/2, and
    0 elsewhere. Source: de Boor, "A Practical Guide to Splines" (1978), chapter IX.

    Args:
        x: (M, d, batch).

    Returns:
        (M, d count, batch), the basis functions of one input side by side.
    """
    position = (x - LOW) * ((count - 2) / (HIGH - LOW))  # in intervals from the grid's low end
    inside = position.clamp(0, count - 2)
    centres = torch.arange(count, dtype=x.dtype, device=x.device) - 0.5
    distance = (inside[:, :, None] - centres[:, None]).abs()
    values = 0.5 * (1.5 - distance).relu().square() - 1.5 * (0.5 - distance).relu().square()
    beyond = (position - inside)[:, :, None]
    slopes = x.new_zeros(2, count, 1)  # per interval, of the basis functions at the two ends
    slopes[0, :2, 0] = slopes[1, -2:, 0] = torch.tensor([-1.0, 1.0], dtype=x.dtype, device=x.device)
    values = values + beyond.clamp(max=0) * slopes[0] + beyond.clamp(min=0) * slopes[1]
    return values.flatten(1, 2)


def greville(count: int) -> Tensor:
    """Returns the coefficients (count,) with which the basis functions sum to x itself.

    Each is the mean of the two knots inside the support of its function.
    """
    return LOW + (torch.arange(count) - 0.5) * ((HIGH - LOW) / (count - 2))


class SplineStack:
    """M reservoirs of equal width and basis.

    Learned: ``c`` (M, H, d K), ``w_x`` (M, o, d), ``b_x`` (M, o, 1) and ``w_h`` (M, o, H). The
    readout's skip connection is linear, and so a spline too. The model is therefore a reservoir
    over d K basis functions, and has that reservoir's program and gradients.
    """

    def __init__(
        self,
        models: Sequence[Spline],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        self.count, self.hidden = models[0].basis_functions, models[0].core.hidden
        self.n_inputs, self.n_outputs = n_inputs, n_outputs
        self.core = ReservoirStack(
            [model.core for model in models], seeds, n_inputs * self.count, n_outputs, device
        )
        self.graph = self.core.graph
        self.abscissae = greville(self.count).to(device)
        self.learned: dict[str, tuple[int, ...]] = {
            "c": (self.hidden, n_inputs * self.count),
            "w_x": (n_outputs, n_inputs),
            "b_x": (n_outputs, 1),
            "w_h": (n_outputs, self.hidden),
        }

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws the first weights of a reservoir as lines, and bends them a little.

        KAN starts in the same way, from its base function (section 2.2).
        """
        hidden = self.hidden
        maps = initial_maps(generator, self.n_inputs, hidden, self.n_outputs)
        lines = (
            maps["w_x"][:hidden, :, None] * greville(self.count)
            + maps["b_x"][:hidden, :, None] / self.n_inputs
        )
        bends = FIRST_BEND * torch.randn(lines.shape, generator=generator)
        return {
            "c": (lines + bends).flatten(1),
            "w_x": maps["w_x"][hidden:],
            "b_x": maps["b_x"][hidden:],
            "w_h": maps["w_h"],
        }

    def program(self) -> Program:
        return replace(self.core.program(), input="spline", basis=self.count)

    def _core(self, learned: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns the learned tensors of the reservoir over the basis functions."""
        skip = (learned["w_x"][..., None] * self.abscissae).flatten(2)
        no_bias = learned["b_x"].new_zeros(len(skip), self.hidden, 1)
        return {
            "w_x": torch.cat([learned["c"], skip], 1),
            "b_x": torch.cat([no_bias, learned["b_x"]], 1),
            "w_h": learned["w_h"],
        }

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        return self.core.forward(self._core(learned), basis(x, self.count))

    def forward_saving(self, learned: Mapping[str, Tensor], x: Tensor) -> tuple[Tensor, Saved]:
        return self.core.forward_saving(self._core(learned), basis(x, self.count))

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: Saved,
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        core = self._core(learned)
        d_core = {name: torch.empty_like(tensor) for name, tensor in core.items()} | {
            "w_h": gradients["w_h"]
        }
        self.core.backward(core, saved, d_outputs, d_core)
        gradients["c"].copy_(d_core["w_x"][:, : self.hidden])
        d_skip = d_core["w_x"][:, self.hidden :].reshape(
            -1, self.n_outputs, self.n_inputs, self.count
        )
        torch.sum(d_skip * self.abscissae, dim=3, out=gradients["w_x"])
        gradients["b_x"].copy_(d_core["b_x"][:, self.hidden :])
