"""The loss of each task, its gradient, and the misclassified rows, over a stack of models.

regression: mean squared error, in squared target units; the mean over several targets
binary: log loss of one logit, in nats
multiclass: cross-entropy, in nats
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from frontier_search.data.dataset import Task


def row_losses(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    """Returns the loss of every row.

    Args:
        outputs: (M, o, n) of the models.
        targets: (M, n), float32, or int64 class numbers for multiclass; (M, n, o) for several
            numbers.

    Returns:
        (M, n).
    """
    if task == "regression" and targets.dim() == 3:
        return (outputs - by_target(targets)).square().mean(dim=1)
    if task == "regression":
        return (outputs[:, 0] - targets).square()
    if task == "binary":
        return functional.binary_cross_entropy_with_logits(outputs[:, 0], targets, reduction="none")
    return -functional.log_softmax(outputs, dim=1).gather(1, targets[:, None])[:, 0]


def by_target(targets: Tensor) -> Tensor:
    """Returns the targets (M, n), or (M, n, o) for several, in the layout of outputs, (M, o, n)."""
    return targets.mT if targets.dim() == 3 else targets[:, None]


def gradient(task: Task, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Returns the gradient of each model's mean loss with respect to its outputs, (M, o, n).

    It may write over ``outputs``.

    Args:
        weights: (M, n), by which the loss of every row is multiplied.
    """
    found = _gradient(task, outputs, targets)
    return found if weights is None else found.mul_(weights[:, None])


def _gradient(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    n_rows = outputs.shape[2]
    if task == "regression":
        return outputs.sub_(by_target(targets)).mul_(2.0 / (n_rows * outputs.shape[1]))
    if task == "binary":
        return outputs.sigmoid_().sub_(targets[:, None]).div_(n_rows)
    probabilities = torch.softmax(outputs, dim=1)
    hits = targets[:, None]
    return probabilities.scatter_add_(
        1, hits, probabilities.new_full((), -1.0).expand(hits.shape)
    ).div_(n_rows)


def mistakes(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    """Returns 1 for every misclassified row and 0 for the others, (M, n); classification only."""
    guessed = (outputs[:, 0] > 0) if task == "binary" else outputs.argmax(dim=1)
    return (guessed != targets).float()
