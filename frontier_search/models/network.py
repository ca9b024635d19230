"""Stacked networks: M models of one shape as one tensor program. One network a file, named by its architecture, loaded with torch.

A network has these parts, and a contract test holds forward and backward together::

    learned: dict[str, tuple[int, ...]]       shapes of the learned tensors of one model
    initial(generator) -> dict[str, Tensor]   one model's first weights; every tensor drawn in a fixed order
    forward(learned, x) -> Tensor             (M, d, batch) -> (M, o, batch): the definition, differentiable by autograd
    backward(...)                             optional: the same gradients written by hand, faster than autograd's
    solve(...)                                optional: sets scalars that have a closed form given the others, before and after every epoch

Activations are feature-major, (M, features, batch). With the batch innermost, the products of narrow layers run four times faster on a
CPU than batch-major ones (width 8: 33 against 140 microseconds for 20 models and 64 rows), and reductions over classes twenty times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from frontier_search.data.dataset import Task


class Network(Protocol):
    """M models of one shape. Constructed as ``CLASS(architectures, seeds, n_inputs, n_outputs, device)``, sorted by rank, largest first."""

    learned: dict[str, tuple[int, ...]]

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]: ...
    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor: ...


@runtime_checkable
class HandWritten(Protocol):
    """A network whose gradients are written by hand."""

    def forward_saving(self, learned: Mapping[str, Tensor], x: Tensor) -> tuple[Tensor, Any]:
        """The outputs (M, o, batch), and what ``backward`` needs."""
        ...

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: Any,
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        """Writes into ``gradients`` (shaped as ``learned``) the gradients of sum(d_outputs * outputs)."""
        ...


Batches = Callable[
    [], Iterator[tuple[Tensor, Tensor]]
]  # every training row once: x (M, d, n) and y (M, n), batch by batch


@runtime_checkable
class Solved(Protocol):
    """A network some of whose learned scalars are solved for, given the others, and not changed by gradients."""

    def solve(self, learned: Mapping[str, Tensor], batches: Batches, task: Task) -> None:
        """Sets those scalars, in place."""
        ...

    def hold(self, gradients: Mapping[str, Tensor]) -> None:
        """Sets their gradients to zero, in place."""
        ...


def uniform(generator: torch.Generator, shape: tuple[int, ...], fan_in: int) -> Tensor:
    """U(-1/sqrt(fan_in), 1/sqrt(fan_in)): the distribution of torch.nn.Linear's weights and biases."""
    bound = fan_in**-0.5
    return torch.empty(shape).uniform_(-bound, bound, generator=generator)
