"""A fixed graph: which hidden unit listens to which. A buffer of the model, never learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.seeds import GRAPH_STREAM

REDRAWS = 100
FACTORED_ABOVE = 64  # hidden units; up to there the H x H matrix is faster (benchmarks/README.md)


@dataclass(frozen=True)
class Product:
    """A Kronecker product without its diagonal: an adjacency that is not built.

    Attributes:
        factors: (n, n) each, in numpy.kron's order.
        radius: modulus of the largest eigenvalue once the diagonal is zeroed.
    """

    factors: tuple[NDArray[np.float64], ...]
    radius: float

    def loops(self) -> NDArray[np.float64]:
        """Returns the diagonal that is zeroed, (H,).

        It is the Kronecker product of the factors' diagonals.
        """
        diagonal: NDArray[np.float64] = np.ones(1)
        for factor in self.factors:
            diagonal = np.asarray(np.kron(diagonal, np.diag(factor)))
        return diagonal

    @property
    def flops(self) -> int:
        """Counts the operations of one product with a vector.

        They are those of each factor's nonzero entries, and those of the loops.
        """
        loops = self.loops()
        products = sum(
            2 * np.count_nonzero(factor) * len(loops) // len(factor) for factor in self.factors
        )
        return int(products + 2 * np.count_nonzero(loops))

    @property
    def bytes(self) -> int:
        """Counts the bytes of the factors, as edges of 8 bytes or densely.

        Equal factors are stored once.
        """
        distinct = {factor.tobytes(): factor for factor in self.factors}.values()
        return sum(min(8 * int(np.count_nonzero(factor)), 4 * factor.size) for factor in distinct)


@dataclass(frozen=True)
class Graph:
    """A rule that draws an adjacency matrix.

    Attributes:
        adjacency: (hidden units H, generator) -> (H, H) array of 0 and 1, or of weights. Row i
            holds what unit i listens to.
        edges: H -> the number of nonzero entries, in closed form.
        problem: H -> why there is no such graph, or None.
        product: H -> the same adjacency as a Kronecker product, if it is one.
        drawn: whether the seed draws it, so that the seed is enough to make it again.
    """

    adjacency: Callable[[int, np.random.Generator], NDArray[np.float64]]
    edges: Callable[[int], int]
    problem: Callable[[int], str | None] = lambda hidden: None
    product: Callable[[int], Product] | None = None
    drawn: bool = False

    def matrix(
        self, hidden: int, spectral_radius: float, noise: float, seed: int
    ) -> NDArray[np.float32]:
        """Draws a graph and scales it.

        Gaussian noise of standard deviation ``noise`` is added only to the edges: it breaks the
        degeneracy of a binary graph and keeps its structure. Then the matrix is scaled so that its
        largest eigenvalue has modulus ``spectral_radius``. A random graph without a cycle has
        radius 0 and cannot be scaled, so it is drawn again.

        Returns:
            (H, H) float32.
        """
        rng = np.random.default_rng([seed, GRAPH_STREAM])
        for _ in range(REDRAWS):
            adjacency = self.adjacency(hidden, rng)
            adjacency = adjacency + noise * rng.standard_normal(adjacency.shape) * (adjacency != 0)
            radius = float(np.abs(np.linalg.eigvals(adjacency)).max())
            if radius > 1e-6:
                return np.asarray(adjacency * (spectral_radius / radius), dtype=np.float32)
        # No cycle is possible: there is one unit, without a loop.
        return np.zeros((hidden, hidden), dtype=np.float32)
