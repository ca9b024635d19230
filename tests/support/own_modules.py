"""Modules as researchers write them, without a line for this project but a space."""
# ruff: noqa: RUF012  # a space is a plain dict, as a user writes it

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    SPACE = {"hidden": [4, 8], "p": {"float": [0.1, 0.5]}}

    def __init__(self, d: int, hidden: int, o: int, p: float) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(d, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Dropout(p),
            nn.Linear(hidden, o),
        )

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


class NoStatistics(nn.Module):
    """A batch norm that keeps no running statistics."""

    SPACE = MLP.SPACE

    def __init__(self, d: int, hidden: int, o: int, p: float) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(d, hidden),
            nn.BatchNorm1d(hidden, track_running_stats=False),
            nn.ReLU(),
            nn.Dropout(p),
            nn.Linear(hidden, o),
        )

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


class GRU(nn.Module):
    SPACE = {"hidden": [2, 4]}

    def __init__(self, hidden: int, o: int) -> None:
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, o)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.gru(x.unsqueeze(-1))[0][:, -1])


class ReadsAValue(nn.Module):
    """Control flow that depends on a value, and two outputs."""

    SPACE = {"hidden": [2, 4]}

    def __init__(self, in_features: int, n_classes: int, hidden: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(in_features, hidden), nn.Linear(hidden, n_classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.first(x)
        if self.first.weight.abs().max().item() > 0.01:
            hidden = hidden.relu()
        return self.last(hidden), hidden


class Everything(nn.Module):
    """Shared weights, attention, buffers: one that is written, one of infinities, one of whole
    numbers; noise, a frozen parameter, a scalar and one output without its dimension."""

    SPACE = {"widths": [(4,), (8, 2)], "norm": [None, "layer"]}

    def __init__(
        self, n_inputs: int, n_outputs: int, *, widths: tuple[int, ...], norm: str | None
    ) -> None:
        super().__init__()
        width, self.n_outputs = widths[0], n_outputs
        self.first, self.core = nn.Linear(n_inputs, width), nn.Linear(width, width)
        self.again = self.core
        self.attention = nn.MultiheadAttention(width, 1, dropout=0.2, batch_first=True)
        self.norm = nn.LayerNorm(width) if norm else nn.Identity()
        self.drop, self.last = nn.Dropout(0.3), nn.Linear(width, n_outputs)
        self.gain = nn.Parameter(torch.tensor(1.0))
        self.frozen = nn.Parameter(torch.randn(width), requires_grad=False)
        self.register_buffer("scale", torch.ones(1))
        self.register_buffer("mask", torch.full((3,), -torch.inf))
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x: Tensor) -> Any:
        h = self.again(self.core(self.first(x).relu()).relu()) + self.frozen
        if self.training:
            h = h + 0.1 * torch.randn_like(h)
            self.scale = 0.9 * self.scale + 0.1 * h.detach().abs().mean()
            self.calls += 1
        h = h + self.attention(h[:, None], h[:, None], h[:, None], need_weights=False)[0][:, 0]
        out = self.last(self.drop(self.norm(h))) * self.gain / self.scale
        return out[:, 0] if self.n_outputs == 1 else out


class TakesATuple(nn.Module):
    SPACE = {"hidden": [2]}

    def __init__(self, n_inputs: int, n_outputs: int, hidden: int) -> None:
        super().__init__()
        self.last = nn.Linear(n_inputs, n_outputs)

    def forward(self, pair: tuple[Tensor, Tensor]) -> Any:
        x, other = pair
        return self.last(x) + other


class Probabilities(nn.Module):
    SPACE = {"hidden": [2]}

    def __init__(self, n_inputs: int, n_outputs: int, hidden: int) -> None:
        super().__init__()
        self.last = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Any:
        return self.last(x).softmax(1)


class DrawsOtherwise(nn.Module):
    """Noise that has no stacked form here, and a batch norm of the rows beside it."""

    SPACE = {"hidden": [2]}

    def __init__(self, n_inputs: int, n_outputs: int, hidden: int) -> None:
        super().__init__()
        self.last = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Any:
        x = x - x.mean(0)
        if self.training:
            x = x + torch.empty_like(x).exponential_()
        return self.last(x)


def net(n_inputs: int, n_outputs: int, *, hidden: int, depth: int = 2) -> nn.Module:
    """A plain network. Of any depth."""
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(n_inputs, hidden), nn.Tanh()]
        n_inputs = hidden
    return nn.Sequential(*layers, nn.Linear(n_inputs, n_outputs))


SPACE = {"hidden": [4, 8]}
