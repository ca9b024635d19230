"""The stacked program of ``architectures.fixed_input``: a learned readout over fixed features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from frontier_search.models.architectures.fixed_input import FixedInput
from frontier_search.models.network import uniform
from frontier_search.models.networks.reservoir import ReservoirStack
from frontier_search.models.program import Program
from frontier_search.models.tanh import tanh
from frontier_search.seeds import INPUT_STREAM


class FixedInputStack:
    """M readouts of equal width over [x, h_T].

    Learned: ``w_x`` (M, o, d), ``w_h`` (M, o, H) and ``b`` (M, o, 1).
    Fixed: ``input_map`` (M, H, d + 1), W_in and b_in times each model's scale, and the graphs.
    """

    def __init__(
        self,
        models: Sequence[FixedInput],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        reservoirs = [model.core for model in models]
        self.reservoir = ReservoirStack(reservoirs, seeds, n_inputs, n_outputs, device)
        self.hidden, self.n_inputs = reservoirs[0].hidden, n_inputs
        shape = (self.hidden, n_inputs + 1)
        bound = n_inputs**-0.5
        drawn = {
            seed: np.random.default_rng([seed, INPUT_STREAM]).uniform(-bound, bound, shape)
            for seed in set(seeds)
        }
        scaled = [
            model.input_scale * drawn[seed] for model, seed in zip(models, seeds, strict=True)
        ]
        self.input_map = torch.from_numpy(np.stack(scaled).astype(np.float32)).to(device)
        self.learned: dict[str, tuple[int, ...]] = {
            "w_x": (n_outputs, n_inputs),
            "w_h": (n_outputs, self.hidden),
            "b": (n_outputs, 1),
        }

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        fan_in = self.n_inputs + self.hidden
        return {name: uniform(generator, shape, fan_in) for name, shape in self.learned.items()}

    def program(self) -> Program:
        return replace(
            self.reservoir.program(),
            input="fixed",
            input_map=self.input_map.contiguous().numpy(),
        )

    def _state(self, x: Tensor) -> Tensor:
        """h_T, (M, H, batch): nothing in it is learned."""
        with torch.no_grad():
            weights, bias = self.input_map[..., : self.n_inputs], self.input_map[..., -1:]
            first = tanh(torch.baddbmm(bias, weights, x))
            return self.reservoir.recur({}, first)

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        y = torch.baddbmm(learned["b"], learned["w_x"], x)
        return torch.baddbmm(y, learned["w_h"], self._state(x))

    def forward_saving(
        self, learned: Mapping[str, Tensor], x: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        state = self._state(x)
        y = torch.baddbmm(learned["b"], learned["w_x"], x)
        return torch.baddbmm(y, learned["w_h"], state), (x, state)

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: tuple[Tensor, Tensor],
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        x, state = saved
        torch.bmm(d_outputs, x.mT, out=gradients["w_x"])
        torch.bmm(d_outputs, state.mT, out=gradients["w_h"])
        torch.sum(d_outputs, dim=2, keepdim=True, out=gradients["b"])
