"""Support vector machines as a torch module, for the models that are logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class KernelMachine(nn.Module):
    """Fitted machines: rows (n, d) -> outputs (n, o), see ``families/svm.py``."""

    support: Tensor
    weight: Tensor
    bias: Tensor
    gamma: Tensor

    def __init__(self, fitted: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        self.one_a_class = bool(fitted["one_a_class"])
        for name in ("support", "weight", "bias", "gamma"):
            self.register_buffer(name, torch.from_numpy(fitted[name]))

    def forward(self, x: Tensor) -> Tensor:
        squares = x.square().sum(1, keepdim=True) + self.support.square().sum(1)
        squares = (squares - 2 * x @ self.support.T).clamp_min(0)
        outputs = torch.exp(-self.gamma * squares) @ self.weight.T + self.bias
        return nn.functional.logsigmoid(outputs) if self.one_a_class else outputs
