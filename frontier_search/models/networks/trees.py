"""Decision trees as a torch module, for the models that are logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Trees(nn.Module):
    """A fitted sum of trees: rows (n, d) -> outputs (n, o), see ``models.trees``."""

    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    value: Tensor
    offset: Tensor

    def __init__(self, fitted: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        self.depth, self.n_trees = int(fitted["depth"]), len(fitted["feature"])
        for name in ("feature", "threshold", "left", "right", "value", "offset"):
            array = fitted[name]
            whole = array.dtype.kind == "i"
            self.register_buffer(
                name, torch.from_numpy(array.astype(np.int64 if whole else np.float32))
            )
        self.register_buffer("tree", torch.arange(self.n_trees), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        tree = torch.arange(self.n_trees, device=x.device)[None]
        node = torch.zeros_like(x[:, :1], dtype=torch.int64) + 0 * tree  # (n, T)
        for _ in range(self.depth):
            goes_left = x.gather(1, self.feature[tree, node]) <= self.threshold[tree, node]
            node = torch.where(goes_left, self.left[tree, node], self.right[tree, node])
        return self.value[tree, node].sum(1) + self.offset
