"""Single models of the recurrent families, and the recurrence that the paper writes, in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from frontier_search.models.families import FAMILIES
from frontier_search.training.stack import Model, Stack

CPU = torch.device("cpu")
RECURRENCE: dict[str, Any] = {
    "hidden": 16,
    "steps": 3,
    "spectral_radius": 0.8,
    "graph_noise": 0.0,
    "learning_rate": 0.01,
}
X = torch.randn(1, 3, 9, generator=torch.Generator().manual_seed(4))


def stack(name: str, **changes: Any) -> Stack:
    """One model with its first weights, 3 inputs and 2 outputs."""
    return Stack([Model(0, 101, FAMILIES[name].build(RECURRENCE | changes), 0.01)], 3, 2, CPU)


def outputs(of: Stack) -> NDArray[np.float64]:
    return of.network.forward(of.learned, X)[0].detach().numpy()


def recurrence(of: Stack, matrices: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Returns the outputs with built matrices: h_{t+1} = phi(h_t + phi(G_t h_t))."""
    w_x, b_x, w_h = (of.learned[name][0].double().numpy() for name in ("w_x", "b_x", "w_h"))
    z = w_x @ X[0].double().numpy() + b_x
    hidden = w_h.shape[1]
    h = np.tanh(z[:hidden])
    for matrix in matrices:
        h = np.tanh(h + np.tanh(matrix @ h))
    return np.asarray(z[hidden:] + w_h @ h)
