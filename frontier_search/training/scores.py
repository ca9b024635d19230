"""Metrics that need all rows of a split at once, over a stack of models.

Every function takes the task, the outputs (M, o, n) of M models, the targets (M, n), or (M, n, o)
for several, the weights of the rows (M, n), and the unit of each target (M, o), by which a scaled
number is multiplied. It returns one value a model, (M,) float64. A value that these rows do not
define is not a number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from frontier_search.data.dataset import Task
from frontier_search.training.loss import by_target

Score = Callable[[Task, Tensor, Tensor, Tensor, Tensor], Tensor]


def probabilities(task: Task, outputs: Tensor) -> Tensor:
    """Returns the probability of each class, (M, k, n) float64, of logits (M, o, n)."""
    logits = outputs.double()
    if task == "binary":
        second = logits.sigmoid()
        return torch.cat([1 - second, second], dim=1)
    return logits.softmax(dim=1)


def _by_class(
    task: Task, outputs: Tensor, targets: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the weight of the rows of each class, of those guessed as it, and of both, (M, k)."""
    n_classes = 2 if task == "binary" else outputs.shape[1]
    guessed = (outputs[:, 0] > 0).long() if task == "binary" else outputs.argmax(dim=1)
    classes, weights = targets.long(), weights.double()
    zeros = weights.new_zeros(len(classes), n_classes)
    true = zeros.scatter_add(1, classes, weights)
    positive = zeros.scatter_add(1, guessed, weights)
    return true, positive, zeros.scatter_add(1, classes, weights * (guessed == classes))


def class_errors(
    task: Task, outputs: Tensor, targets: Tensor, weights: Tensor, units: Tensor
) -> Tensor:
    """Returns the share of misclassified rows of each class, (M, k) instead of (M,)."""
    true, _, hits = _by_class(task, outputs, targets, weights)
    return 1 - hits / true


def balanced_error(
    task: Task, outputs: Tensor, targets: Tensor, weights: Tensor, units: Tensor
) -> Tensor:
    """Returns the mean over the classes of the split of each one's misclassification rate."""
    return class_errors(task, outputs, targets, weights, units).nanmean(dim=1)


def f1_loss(task: Task, outputs: Tensor, targets: Tensor, weights: Tensor, units: Tensor) -> Tensor:
    """Returns 1 - F1: of the second class of two, or the mean over the classes of the split."""
    true, positive, hits = _by_class(task, outputs, targets, weights)
    scores = 2 * hits / (true + positive)
    if task == "binary":
        return 1 - scores[:, 1]
    return 1 - torch.where(true > 0, scores, torch.nan).nanmean(dim=1)


def brier(task: Task, outputs: Tensor, targets: Tensor, weights: Tensor, units: Tensor) -> Tensor:
    """Returns the mean squared distance of the probabilities to the truth (Brier, 1950).

    Of two classes it is that of one of them, in [0, 1]; of more it is the sum over classes.
    """
    given = probabilities(task, outputs)
    hit = given.gather(1, targets.long()[:, None])[:, 0]
    squares = given.square().sum(dim=1) - 2 * hit + 1
    return _mean(squares / 2 if task == "binary" else squares, weights)


def auc_loss(
    task: Task, outputs: Tensor, targets: Tensor, weights: Tensor, units: Tensor
) -> Tensor:
    """Returns 1 - the area under the ROC curve; ties count half.

    Of more than two classes it is the mean over the classes of the split, each against the rest.
    """
    if task == "binary":
        columns = [outputs[:, 0].double()]
        hits = [targets == 1]
    else:
        columns = list(probabilities(task, outputs).unbind(dim=1))
        hits = [targets == label for label in range(len(columns))]
    areas = [
        torch.stack([_area(*row) for row in zip(column, hit, weights.double(), strict=True)])
        for column, hit in zip(columns, hits, strict=True)
    ]
    return 1 - torch.stack(areas, dim=1).nanmean(dim=1)


def _area(scores: Tensor, hits: Tensor, weights: Tensor) -> Tensor:
    """Returns the chance that a hit has a larger score than a miss, of (n,) rows."""
    order = scores[~hits].argsort()
    misses, below = scores[~hits][order], weights[~hits][order].cumsum(dim=0)
    if not hits.any() or not len(misses):
        return scores.new_full((), torch.nan)
    below = torch.cat([below.new_zeros(1), below])
    smaller = below[torch.searchsorted(misses, scores[hits], right=False)]
    not_larger = below[torch.searchsorted(misses, scores[hits], right=True)]
    own = weights[hits]
    return (own * (smaller + not_larger)).sum() / (2 * own.sum() * below[-1])


def rmse(task: Task, outputs: Tensor, targets: Tensor, weights: Tensor, units: Tensor) -> Tensor:
    """Returns the root of the mean squared error in the target's unit; the mean over targets."""
    squares = _errors(outputs, targets).square()
    return (_mean(squares, weights[:, None]).sqrt() * units).mean(dim=1)


def mae(task: Task, outputs: Tensor, targets: Tensor, weights: Tensor, units: Tensor) -> Tensor:
    """Returns the mean absolute error in the target's unit; the mean over targets."""
    return (_mean(_errors(outputs, targets).abs(), weights[:, None]) * units).mean(dim=1)


def r2_loss(task: Task, outputs: Tensor, targets: Tensor, weights: Tensor, units: Tensor) -> Tensor:
    """Returns the share of the split's variance that is left, 1 - R2; the mean over targets."""
    truth, share = by_target(targets).double(), weights[:, None]
    spread = _mean((truth - _mean(truth, share)[..., None]).square(), share)
    return (_mean(_errors(outputs, targets).square(), share) / spread).mean(dim=1)


def _quantile_loss(
    quantile: float, task: Task, outputs: Tensor, targets: Tensor, weights: Tensor, units: Tensor
) -> Tensor:
    """Returns the pinball loss of a quantile in the target's unit; the mean over targets.

    Koenker and Bassett, Regression quantiles, Econometrica 46, 1978.
    """
    short = -_errors(outputs, targets)
    pinball = torch.maximum(quantile * short, (quantile - 1) * short)
    return (_mean(pinball, weights[:, None]) * units).mean(dim=1)


quantile_10 = partial(_quantile_loss, 0.1)
quantile_90 = partial(_quantile_loss, 0.9)


def _errors(outputs: Tensor, targets: Tensor) -> Tensor:
    """Returns outputs less targets, (M, o, n) float64."""
    return outputs.double() - by_target(targets).double()


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Returns the weighted mean over rows, the last axis."""
    weights = weights.double()
    return (values * weights).sum(dim=-1) / weights.sum(dim=-1)
