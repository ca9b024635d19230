"""The stacked program of ``architectures.varpro``: the reservoir's, and a solver for its readout.

With features f = [x, h_T, 1] the readout W minimises the mean over the training rows of
loss(W f) + ridge / 2 |W|^2. The bias has no penalty: D is 1, and 0 for the bias.

    W += (c mean(f f^T) + ridge D)^-1 (mean(f r^T) - ridge D W),     r = target - mean(W f)

c bounds the curvature of the loss from above. Squared error / 2: c = 1, the mean is W f, and one
step gives the least-squares solution. Log loss: c = 1/4, and the mean is the logistic function of W
f. Cross-entropy: c = 1/2, and the mean is the softmax of W f. In these two a step is Newton's with
the bound in place of the Hessian, which never increases the loss. A few steps, from the readout of
the last solution, follow the minimum.

Source: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
problems whose variables separate" (SIAM Journal on Numerical Analysis 10, 1973); Boehning,
"Multinomial logistic regression algorithm" (Annals of the Institute of Statistical Mathematics 44,
1992), for the bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from frontier_search.data.dataset import Task
from frontier_search.models.architectures.varpro import VarPro
from frontier_search.models.network import Batches
from frontier_search.models.networks.reservoir import ReservoirStack, Saved

CURVATURE: Mapping[Task, float] = {"regression": 1.0, "binary": 0.25, "multiclass": 0.5}
# Each step is a pass over the rows and costs as much as the forward passes of an epoch.
STEPS: Mapping[Task, int] = {"regression": 1, "binary": 3, "multiclass": 3}


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
        penalised = torch.ones(n_inputs + self.hidden + 1, dtype=torch.float64, device=device)
        penalised[-1] = 0
        self.penalty = (
            torch.tensor([model.ridge for model in models], dtype=torch.float64, device=device)[
                :, None
            ]
            * penalised
        )

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
        weights, d = self._readout(learned), self.n_inputs
        factor: Tensor | None = None
        for _ in range(STEPS[task]):
            gram, slope, n_rows = torch.zeros(()), torch.zeros(()), 0
            for x, y in batches():
                outputs, saved = self.core.forward_saving(learned, x)
                ones = torch.ones_like(x[:, :1])
                # float64, because float32 would lose what ridge adds
                features = torch.cat([x, saved.last, ones], dim=1).double()
                slope = slope + features @ _residual(task, outputs, y).double().mT
                gram = gram if factor is not None else gram + features @ features.mT
                n_rows += x.shape[2]
            if factor is None:
                factor, failed = torch.linalg.cholesky_ex(
                    CURVATURE[task] / n_rows * gram + torch.diag_embed(self.penalty)
                )
                # Where this fails the model has diverged. nan lets training notice it.
                factor = torch.where((failed > 0)[:, None, None], torch.nan, factor)
            weights += torch.cholesky_solve(
                slope / n_rows - self.penalty[..., None] * weights.mT, factor
            ).mT
            learned["w_x"][:, self.hidden :], learned["w_h"][:] = (
                weights[..., :d],
                weights[..., d:-1],
            )
            learned["b_x"][:, self.hidden :] = weights[..., -1:]

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


def _residual(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    """Returns the target minus the mean, (M, o, n)."""
    if task == "regression":
        return (targets.mT if targets.dim() == 3 else targets[:, None]) - outputs
    if task == "binary":
        return targets[:, None] - outputs.sigmoid()
    return functional.one_hot(targets, outputs.shape[1]).mT - outputs.softmax(dim=1)
