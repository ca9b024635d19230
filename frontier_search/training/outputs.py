"""What one trained model gives for rows: its network's own outputs."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from frontier_search.data.dataset import Task
from frontier_search.models.family import Architecture
from frontier_search.training import loss
from frontier_search.training.trained_model import module


def outputs(
    architecture: Architecture,
    seed: int,
    weights: NDArray[np.float32],
    x: NDArray[np.float32],
    n_outputs: int,
) -> NDArray[np.float32]:
    """Returns (n, o) outputs of rows (n, d), which are logits for classes.

    Args:
        seed: draws what is fixed.
        weights: (P,) learned scalars, or what ``fitting.pack`` made of a fitted model.
    """
    model = module(architecture, seed, weights, (x.shape[1], n_outputs))
    with torch.no_grad():
        return np.ascontiguousarray(model(torch.from_numpy(x)).numpy())


def mean_loss(
    task: Task, found: NDArray[np.float32], targets: NDArray[np.float32] | NDArray[np.int64]
) -> float:
    """Returns the mean loss of outputs (n, o) for targets (n,)."""
    every = torch.from_numpy(np.array(found).T[None])
    return float(loss.row_losses(task, every, torch.from_numpy(targets)[None]).mean())
