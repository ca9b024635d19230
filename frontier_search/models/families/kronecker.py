"""kronecker: recurrence through a fractal graph, the Kronecker power of the Sierpinski initiator.

    K_1 = [[1, 1], [1, 0]]     K_k = K_{k-1} (x) K_1     G = K_k with its diagonal zeroed, H = 2^k

K_k has 3^k ones. One of them is on the diagonal: the loop of the first unit. Beyond 64 units, and
without noise on the edges, G is applied factor by factor and never built. With a noise of its own
on every edge it is no Kronecker product, so such a graph stays a matrix.

Source: Nicolini (2026); Leskovec et al., "Kronecker Graphs" (JMLR 2010), definition 2.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontier_search.models.architectures.reservoir import recurrent
from frontier_search.models.family import Family
from frontier_search.models.graph import Graph, Product

INITIATOR = np.array([[1.0, 1.0], [1.0, 0.0]])


def adjacency(hidden: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns (H, H) of 0 and 1. Nothing is drawn."""
    graph = np.ones((1, 1))
    for _ in range(hidden.bit_length() - 1):
        graph = np.kron(graph, INITIATOR)
    np.fill_diagonal(graph, 0.0)
    return graph


def edges(hidden: int) -> int:
    return int(3 ** (hidden.bit_length() - 1)) - 1


def problem(hidden: int) -> str | None:
    if hidden >= 2 and hidden & (hidden - 1) == 0:
        return None
    below = max(2, 1 << (hidden.bit_length() - 1)) if hidden > 0 else 2
    return (
        f"hidden = {hidden}; a Kronecker graph has a power of two of units, at least 2: "
        f"the nearest are {below} and {2 * below}"
    )


@cache
def product(hidden: int) -> Product:
    """Returns G without building it.

    G = K_k - e e^T, with e the first unit. The eigenvalues of K_k are a^(k-j) b^j, with a and b
    those of K. The space that e generates is spanned by the k + 1 symmetric products of K's two
    eigenvectors, in which the coordinates of e are the square roots of binomial weights. On the
    complement of this span G is K_k, with no eigenvalue above a^(k-2) b^2. By interlacing the
    largest eigenvalue of G is not below it, and so is in the span. G has no negative entry, so none
    of its eigenvalues has a larger modulus.
    """
    levels = hidden.bit_length() - 1
    (b, a), vectors = np.linalg.eigh(INITIATOR)
    p, q = vectors[0, 1] ** 2, vectors[0, 0] ** 2  # the first unit's shares in a's and b's vectors
    eigenvalues = [a ** (levels - j) * b**j for j in range(levels + 1)]
    first = np.sqrt([math.comb(levels, j) * p ** (levels - j) * q**j for j in range(levels + 1)])
    reduced = np.diag(eigenvalues) - np.outer(first, first)
    return Product((INITIATOR,) * levels, float(np.linalg.eigvalsh(reduced)[-1]))


GRAPH = Graph(adjacency, edges, problem, product)


FAMILY = Family(
    name="kronecker",
    summary="fixed Sierpinski-Kronecker recurrence",
    source="Nicolini 2026; Leskovec et al. 2010",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=recurrent(GRAPH),
)
