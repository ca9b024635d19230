"""A learned input and output map around a fixed recurrence.

    h_0 = phi(W_in x + b_in)     h_{t+1} = phi(h_t + phi(h_t G^T))     y = W_out [x, h_T] + b_out

with phi = tanh. Gated: h_{t+1} = (1 - z) h_t + z phi(h_t + phi(h_t G^T)), with z one learned
scalar. Leaky: the same with a fixed a_i for each unit i in place of z. Without a graph T = 0 and
the readout sees h_0.

Source: Nicolini, "Fractal Connectivity Scaffold Networks" (2026); Jaeger et al., "Optimization and
applications of echo state networks with leaky-integrator neurons" (Neural Networks 20, 2007), for
the leak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.models.family import SEED_BYTES, Size
from frontier_search.models.graph import FACTORED_ABOVE, Graph, Product
from frontier_search.space import Value


@dataclass(frozen=True)
class Reservoir:
    """H hidden units, updated T times through a fixed graph.

    Attributes:
        hidden: H.
        steps: T; 0 if and only if there is no graph.
        graph: the rule of G, or None.
        spectral_radius: modulus of the largest eigenvalue of G.
        graph_noise: standard deviation of the noise on the edges before scaling.
        gated: whether the update is gated by one learned scalar.
        leaks: a of the first and of the second half of the units, in (0, 1], or None.
    """

    hidden: int
    steps: int = 0
    graph: Graph | None = None
    spectral_radius: float = 0.9
    graph_noise: float = 0.0
    gated: bool = False
    leaks: tuple[float, float] | None = None
    network: str = "frontier_search.models.networks.reservoir:ReservoirStack"

    def __post_init__(self) -> None:
        problem = self.graph.problem(self.hidden) if self.graph else None
        if self.hidden < 1:
            problem = f"hidden = {self.hidden}; at least one hidden unit is needed"
        if self.graph and self.steps < 1:
            problem = (
                f"steps = {self.steps}; a recurrence needs at least one step "
                "(no_recurrence has none)"
            )
        if self.leaks and not all(0 < leak <= 1 for leak in self.leaks):
            problem = (
                f"leaks = {self.leaks}; a leak is above 0 (nothing moves) and at most 1 "
                "(nothing is kept)"
            )
        if problem:
            raise SpecError(problem)

    @property
    def shape(self) -> tuple[int, bool, bool, bool]:
        return (self.hidden, self.gated, self.leaks is not None, self.product is not None)

    @property
    def rank(self) -> int:
        """T. Sorted by it, the models that still run at step t are the first of the stack."""
        return self.steps

    @property
    def product(self) -> Product | None:
        """The factors of a graph that is applied factor by factor.

        Such a graph is a wide Kronecker product without noise on its edges.
        """
        if (
            self.graph is None
            or self.graph.product is None
            or self.graph_noise
            or self.hidden <= FACTORED_ABOVE
        ):
            return None
        return self.graph.product(self.hidden)

    def matrix(self, seed: int) -> NDArray[np.float32]:
        """Draws the graph G, (H, H); zeros without a graph."""
        if self.graph is None:
            return np.zeros((self.hidden, self.hidden), dtype=np.float32)
        return self.graph.matrix(self.hidden, self.spectral_radius, self.graph_noise, seed)

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts d H + H + (d + H) o + o scalars, and one more if gated, all effective."""
        d, h, o = n_inputs, self.hidden, n_outputs
        raw = d * h + h + (d + h) * o + o + int(self.gated)
        flops = 2 * d * h + h + self.recurrence_flops() + 2 * (d + h) * o
        stored, unrolled = 4 * raw + self.graph_bytes(), 4 * raw + self.unrolled_graph_bytes()
        return Size(raw, raw, flops, stored, unrolled)

    def recurrence_flops(self) -> int:
        """Counts the operations of all T steps: products, the sum, two tanh."""
        if self.graph is None:
            return 0
        product = self.product
        products = product.flops if product else 2 * self.graph.edges(self.hidden)
        mix = 3 * self.hidden if self.gated or self.leaks else 0
        return self.steps * (products + self.hidden + 2 * self.hidden + mix)

    def graph_bytes(self) -> int:
        """Counts the bytes of the rule that makes the fixed graph.

        It is the seed of a graph that is drawn, or the factors of a Kronecker product. A graph
        without a rule is written out. The seed of noise on the edges is not counted.
        """
        if self.graph is None:
            return 0
        if self.graph.drawn:
            return SEED_BYTES
        product = self.graph.product
        return product(self.hidden).bytes if product else self.unrolled_graph_bytes()

    def unrolled_graph_bytes(self) -> int:
        """Counts the bytes of the fixed graph: edges of 8 bytes, a matrix, or only its factors.

        The factors are enough where the graph is applied factor by factor.
        """
        if self.graph is None:
            return 0
        product = self.product
        return (
            product.bytes if product else min(8 * self.graph.edges(self.hidden), 4 * self.hidden**2)
        )


def reservoir(
    hyperparameters: Mapping[str, Value], graph: Graph | None, hidden: int | None = None
) -> Reservoir:
    """Returns the reservoir that hyperparameters describe; without a graph it has no recurrence.

    Args:
        hidden: the hidden units, where they follow from other hyperparameters.
    """
    units = int(hyperparameters["hidden"]) if hidden is None else hidden
    if graph is None:
        return Reservoir(hidden=units)
    return Reservoir(
        hidden=units,
        steps=int(hyperparameters["steps"]),
        graph=graph,
        spectral_radius=float(hyperparameters["spectral_radius"]),
        graph_noise=float(hyperparameters["graph_noise"]),
    )


def recurrent(graph: Graph, gated: bool = False) -> Callable[[Mapping[str, Value]], Reservoir]:
    """Returns the ``build`` of a family that differs from others only in its graph.

    Its hyperparameters are hidden, steps, spectral_radius and graph_noise.
    """
    return lambda hyperparameters: replace(reservoir(hyperparameters, graph), gated=gated)
