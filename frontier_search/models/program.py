"""What the compiled kernel needs to know of a network, beside its learned tensors.

A network that ``training/kernels/kernel.c`` can train has a ``program()``. The torch network is
still the definition: a contract test compares the kernel with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

COMPILED = frozenset(  # the networks that the kernel can train, as architectures name them
    {
        "frontier_search.models.networks.feedforward:FeedForwardStack",
        "frontier_search.models.networks.reservoir:ReservoirStack",
    }
)

Activation = Literal["tanh", "relu"]


@dataclass(frozen=True)
class Factors:
    """A graph of one model as a Kronecker product of factors, less a diagonal.

    Attributes:
        factors: (n_l, n_l) float32 each, the first one the slowest axis; the scale is multiplied
            in.
        loops: (H,) float32, the diagonal that is taken away.
    """

    factors: tuple[NDArray[np.float32], ...]
    loops: NDArray[np.float32]


@dataclass(frozen=True)
class Program:
    """A stack of M models of one shape.

    Attributes:
        kind: ``dense``: layers with an activation between them, learned ``weight_l`` and
            ``bias_l``, then ``weight_skip`` with ``skip``; ``reservoir``: learned ``w_x``, ``b_x``,
            ``w_h`` and, when gated, ``gate``.
        hidden: units of each hidden layer, H.
        layers: hidden layers of a dense network.
        activation: of the dense hidden layers; a reservoir has tanh.
        skip: whether the readout of a dense network sees the inputs too.
        gated: whether one learned scalar decides how much of an update is taken.
        steps: T of each model, (M,).
        graphs: of the first models, those with T > 0: (H, H) float32 or factors.
        leaks: (M, H) float32, how much of an update each unit takes, or None.
    """

    kind: Literal["dense", "reservoir"]
    hidden: int
    layers: int = 0
    activation: Activation = "tanh"
    skip: bool = False
    gated: bool = False
    steps: tuple[int, ...] = ()
    graphs: Sequence[NDArray[np.float32] | Factors] = ()
    leaks: NDArray[np.float32] | None = None


@runtime_checkable
class Programmed(Protocol):
    """A network that the compiled kernel can train."""

    def program(self) -> Program: ...
