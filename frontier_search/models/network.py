"""A network: M models of one shape as one tensor program, in torch.

A network has these parts, and a contract test holds forward and backward together::

    learned     shapes of the learned tensors of one model
    initial     one model's first weights; every tensor is drawn in a fixed order
    forward     (M, d, batch) -> (M, o, batch): the definition, differentiable by autograd
    backward    optional: the same gradients written by hand, faster than autograd's
    forward_training, carried
                optional: for what behaves otherwise in training, and for buffers
    solve       optional: sets the scalars that have a closed form given all others,
                before the first epoch and after each

Activations are feature-major, (M, features, batch). With the batch innermost, the products of
narrow layers run four times faster on a CPU than batch-major ones (width 8: 33 against 140
microseconds for 20 models and 64 rows), and reductions over classes run twenty times faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from frontier_search.data.dataset import Task


class Network(Protocol):
    """M models of one shape.

    Constructed as ``CLASS(architectures, seeds, n_inputs, n_outputs, device)``, with the
    architectures sorted by rank, largest first.
    """

    learned: dict[str, tuple[int, ...]]

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]: ...
    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor: ...


@runtime_checkable
class HandWritten(Protocol):
    """A network whose gradients are written by hand."""

    def forward_saving(self, learned: Mapping[str, Tensor], x: Tensor) -> tuple[Tensor, Any]:
        """Returns the outputs (M, o, batch), and what ``backward`` needs."""
        ...

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: Any,
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        """Writes the gradients of sum(d_outputs * outputs) into ``gradients``.

        ``gradients`` has the names and shapes of ``learned``.
        """
        ...


# Every training row once, batch by batch: x (M, d, n) and y (M, n).
Batches = Callable[[], Iterator[tuple[Tensor, Tensor]]]


@runtime_checkable
class Solved(Protocol):
    """A network with learned scalars that are solved for, and not changed by gradients."""

    def solve(self, learned: Mapping[str, Tensor], batches: Batches, task: Task) -> None:
        """Sets these scalars in place, given all others."""
        ...

    def hold(self, gradients: Mapping[str, Tensor]) -> None:
        """Sets their gradients to zero in place."""
        ...


@runtime_checkable
class WhollySolved(Solved, Protocol):
    """A network of which nothing is left to gradients.

    For a regression one solution is final, whatever the scalars were before.
    """

    wholly_solved: bool


@runtime_checkable
class Moded(Protocol):
    """A network that behaves otherwise while it is trained, as dropout and batch norm do.

    Attributes:
        carried: of ``learned``, the names that no gradient changes: buffers, of which every model
            has its own, and frozen parameters.
    """

    carried: frozenset[str]

    def forward_training(self, learned: Mapping[str, Tensor], x: Tensor, step: int) -> Tensor:
        """Returns the outputs (M, o, batch) in training, and changes what is carried, in place.

        Args:
            step: how many minibatches this stack was trained on. It decides the noise.
        """
        ...


def uniform(generator: torch.Generator, shape: tuple[int, ...], fan_in: int) -> Tensor:
    """Draws from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), as torch.nn.Linear does."""
    bound = fan_in**-0.5
    return torch.empty(shape).uniform_(-bound, bound, generator=generator)
