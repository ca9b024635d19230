"""The stacked program of ``architectures.varpro``: the reservoir's, with its readout solved for.

The features of the readout are [x, h_T, 1], see ``networks.solving``.

Source: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
problems whose variables separate" (SIAM Journal on Numerical Analysis 10, 1973).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from frontier_search.data.dataset import Task
from frontier_search.models.architectures.varpro import VarPro
from frontier_search.models.network import Batches
from frontier_search.models.networks.reservoir import ReservoirStack, Saved
from frontier_search.models.networks.solving import penalties, solve, with_one


class VarProStack:
    """M reservoirs with solved readouts.

    Learned: the tensors of ``ReservoirStack``.
    Solved: ``w_h`` and the rows of ``w_x`` and ``b_x`` that belong to W_out and b_out.
    """

    def __init__(
        self,
        models: Sequence[VarPro],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        cores = [model.core for model in models]
        self.core = ReservoirStack(cores, seeds, n_inputs, n_outputs, device)
        self.learned, self.hidden, self.n_inputs = self.core.learned, self.core.hidden, n_inputs
        ridges = [model.ridge for model in models]
        self.penalty = penalties(ridges, n_inputs + self.hidden + 1, device)

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        return self.core.initial(generator)

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        return self.core.forward(learned, x)

    def forward_saving(self, learned: Mapping[str, Tensor], x: Tensor) -> tuple[Tensor, Saved]:
        return self.core.forward_saving(learned, x)

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: Saved,
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        self.core.backward(learned, saved, d_outputs, gradients)

    def solve(self, learned: Mapping[str, Tensor], batches: Batches, task: Task) -> None:
        d = self.n_inputs

        def rows() -> Iterator[tuple[Tensor, Tensor, Tensor]]:
            for x, y in batches():
                outputs, saved = self.core.forward_saving(learned, x)
                yield with_one(torch.cat([x, saved.last], dim=1)), outputs, y

        def store(weights: Tensor) -> None:
            learned["w_x"][:, self.hidden :], learned["w_h"][:] = (
                weights[..., :d],
                weights[..., d:-1],
            )
            learned["b_x"][:, self.hidden :] = weights[..., -1:]

        solve(self._readout(learned), self.penalty, task, rows, store)

    def hold(self, gradients: Mapping[str, Tensor]) -> None:
        for rows in (
            gradients["w_x"][:, self.hidden :],
            gradients["b_x"][:, self.hidden :],
            gradients["w_h"],
        ):
            rows.zero_()

    def _readout(self, learned: Mapping[str, Tensor]) -> Tensor:
        """Returns W, (M, o, d + H + 1), in float64."""
        return torch.cat(
            [learned["w_x"][:, self.hidden :], learned["w_h"], learned["b_x"][:, self.hidden :]],
            dim=2,
        ).double()
