"""Solves for the readout of stacked models: regularised least squares, and a bound on Newton.

With features f the readout W minimises the mean over the training rows of
loss(W f) + ridge / 2 |W|^2. The last feature is 1, and its weight, the bias, has no penalty:
D is 1, and 0 for the bias.

    W += (c mean(f f^T) + ridge D)^-1 (mean(f r^T) - ridge D W),     r = target - mean(W f)

c bounds the curvature of the loss from above. Squared error / 2: c = 1, the mean is W f, and one
step gives the least-squares solution. Log loss: c = 1/4, and the mean is the logistic function of W
f. Cross-entropy: c = 1/2, and the mean is the softmax of W f. In these two a step is Newton's with
the bound in place of the Hessian, which never increases the loss. A few steps, from the readout of
the last solution, follow the minimum.

Source: Boehning, "Multinomial logistic regression algorithm" (Annals of the Institute of
Statistical Mathematics 44, 1992), for the bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from frontier_search.data.dataset import Task

CURVATURE: Mapping[Task, float] = {"regression": 1.0, "binary": 0.25, "multiclass": 0.5}
# Each step is a pass over the rows and costs as much as the forward passes of an epoch.
STEPS: Mapping[Task, int] = {"regression": 1, "binary": 3, "multiclass": 3}

# Training rows, batch by batch: features (M, F, n), outputs (M, o, n) and targets (M, n).
Rows = Callable[[], Iterator[tuple[Tensor, Tensor, Tensor]]]


def solve(
    weights: Tensor, penalty: Tensor, task: Task, rows: Rows, store: Callable[[Tensor], None]
) -> None:
    """Solves for W, starting with ``weights``.

    Args:
        weights: (M, o, F) float64, changed in place.
        penalty: ridge D of each model, (M, F) float64.
        rows: the outputs are those of the readout that was stored last.
        store: takes W after each step.
    """
    factor: Tensor | None = None
    for _ in range(STEPS[task]):
        gram, slope, n_rows = torch.zeros(()), torch.zeros(()), 0
        for features, outputs, y in rows():
            # float64, because float32 would lose what ridge adds
            wide = features.double()
            slope = slope + wide @ _residual(task, outputs, y).double().mT
            gram = gram if factor is not None else gram + wide @ wide.mT
            n_rows += features.shape[2]
        if factor is None:
            factor, failed = torch.linalg.cholesky_ex(
                CURVATURE[task] / n_rows * gram + torch.diag_embed(penalty)
            )
            # Where this fails the model has diverged. nan lets training notice it.
            factor = torch.where((failed > 0)[:, None, None], torch.nan, factor)
        weights += torch.cholesky_solve(slope / n_rows - penalty[..., None] * weights.mT, factor).mT
        store(weights)


def penalties(ridges: list[float], n_features: int, device: torch.device) -> Tensor:
    """Returns ridge D of each model, (M, F) float64; the last feature is 1."""
    penalised = torch.ones(n_features, dtype=torch.float64, device=device)
    penalised[-1] = 0
    return torch.tensor(ridges, dtype=torch.float64, device=device)[:, None] * penalised


def with_one(features: Tensor) -> Tensor:
    """Returns features (M, F, n) with the feature 1 behind them, (M, F + 1, n)."""
    return torch.cat([features, torch.ones_like(features[:, :1])], dim=1)


def _residual(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    """Returns the target minus the mean, (M, o, n)."""
    if task == "regression":
        return (targets.mT if targets.dim() == 3 else targets[:, None]) - outputs
    if task == "binary":
        return targets[:, None] - outputs.sigmoid()
    return functional.one_hot(targets, outputs.shape[1]).mT - outputs.softmax(dim=1)
