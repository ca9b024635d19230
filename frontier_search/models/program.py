"""What the compiled kernel needs to know of a network, beside its learned tensors.

A network that ``training/kernels/kernel.c`` can train has a ``program()``. The torch network is
still the definition: a contract test compares the kernel with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

COMPILED = frozenset(  # the networks that the kernel can train, as architectures name them
    {
        "frontier_search.models.networks.factored:FactoredStack",
        "frontier_search.models.networks.feedforward:FeedForwardStack",
        "frontier_search.models.networks.fixed_input:FixedInputStack",
        "frontier_search.models.networks.low_rank:LowRankStack",
        "frontier_search.models.networks.reservoir:ReservoirStack",
        "frontier_search.models.networks.spline:SplineStack",
    }
)

SOLVED = (
    frozenset(  # networks whose readout is solved for, so that they are good in the first epoch
        {"frontier_search.models.networks.varpro:VarProStack"}
    )
)

Activation = Literal["tanh", "relu"]
Input = Literal["learned", "fixed", "spline"]


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


class Layer(NamedTuple):
    """One product of a dense network.

    Attributes:
        width: its outputs.
        biased: whether a learned bias follows the learned weight.
        active: whether it is followed by the activation.
    """

    width: int
    biased: bool = True
    active: bool = True


@dataclass(frozen=True)
class LearnedFactors:
    """A graph rho (F_1 (x) ... (x) F_L) whose factors are learned, or have a learned part.

    Attributes:
        learns: ``shared`` or ``per_level``: learned ``factors``; ``rank_one``: learned ``u`` and
            ``v``, and F = K + u v^T at each level of each step.
        factor: (n, n) float32, K.
        blocks: how many neighbouring factors are multiplied out to one, from the first to the last.
        radii: (M,) float32, rho of each model.
    """

    learns: Literal["shared", "per_level", "rank_one"]
    factor: NDArray[np.float32]
    blocks: tuple[int, ...]
    radii: NDArray[np.float32]


@dataclass(frozen=True)
class Program:
    """A stack of M models of one shape. The learned tensors are named in the network's order.

    Attributes:
        kind: ``dense``: a weight and mostly a bias for each layer, then a skip weight with
            ``skip``; ``reservoir``: those of ``input``, then what a step learns.
        hidden: units of each hidden layer, H.
        layers: of a dense network, the last of which is the readout.
        activation: of the dense hidden layers; a reservoir has tanh.
        skip: whether the readout of a dense network sees the inputs too.
        input: of a reservoir. ``learned``: ``w_x``, ``b_x``, ``w_h``; ``fixed``: ``w_x``, ``w_h``,
            ``b``, behind ``input_map``; ``spline``: ``c``, ``w_x``, ``b_x``, ``w_h``.
        input_map: (M, H, d + 1) float32 of a fixed input: weights and bias.
        basis: functions of each input of a spline, K.
        gated: whether one learned scalar decides how much of an update is taken.
        steps: T of each model, (M,).
        graphs: of the first models, those with T > 0: (H, H) float32 or factors.
        factors: a learned graph, in place of ``graphs``.
        leaks: (M, H) float32, how much of an update each unit takes, or None.
    """

    kind: Literal["dense", "reservoir"]
    hidden: int
    layers: tuple[Layer, ...] = ()
    activation: Activation = "tanh"
    skip: bool = False
    input: Input = "learned"
    input_map: NDArray[np.float32] | None = None
    basis: int = 0
    gated: bool = False
    steps: tuple[int, ...] = ()
    graphs: Sequence[NDArray[np.float32] | Factors] = ()
    factors: LearnedFactors | None = None
    leaks: NDArray[np.float32] | None = None


@runtime_checkable
class Programmed(Protocol):
    """A network that the compiled kernel can train."""

    def program(self) -> Program: ...
