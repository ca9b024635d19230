"""kronecker: recurrence through a fractal graph, the Kronecker power of the Sierpinski initiator.

    K_1 = [[1, 1], [1, 0]]     K_k = K_{k-1} (x) K_1     G = K_k with its diagonal zeroed, H = 2^k

K_k has 3^k ones, of which one on the diagonal. Source: Nicolini (2026); Leskovec et al., "Kronecker Graphs" (JMLR 2010), definition 2.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontier_search.architectures.reservoir import recurrent
from frontier_search.family import Family
from frontier_search.graph import Graph

INITIATOR = np.array([[1.0, 1.0], [1.0, 0.0]])


def adjacency(hidden: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(H, H) of 0 and 1; nothing is drawn."""
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
    return f"hidden = {hidden}; a Kronecker graph has a power of two of units, at least 2: the nearest are {below} and {2 * below}"


GRAPH = Graph(adjacency, edges, problem)


FAMILY = Family(
    name="kronecker",
    summary="fixed Sierpinski-Kronecker recurrence",
    source="Nicolini 2026; Leskovec et al. 2010",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=recurrent(GRAPH),
)
