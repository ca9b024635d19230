"""random_sparse: recurrence through a random graph with as many edges as kronecker's.

The seed draws the edges without replacement, off the diagonal: round(H^(log2 3)) - 1 of them, which
is 3^k - 1 for H = 2^k.

Source: Nicolini (2026), the random control; Jaeger, "The echo state approach" (GMD report 148,
2001), for sparse random reservoirs.
"""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontier_search.models.architectures.reservoir import recurrent
from frontier_search.models.family import Family
from frontier_search.models.graph import Graph


def edges(hidden: int) -> int:
    return min(round(math.pow(hidden, math.log2(3))) - 1, hidden * (hidden - 1))


def adjacency(hidden: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns (H, H) of 0 and 1 with a zero diagonal."""
    graph = np.zeros((hidden, hidden))
    off_diagonal = np.flatnonzero(~np.eye(hidden, dtype=bool))
    graph.flat[rng.choice(off_diagonal, size=edges(hidden), replace=False)] = 1.0
    return graph


GRAPH = Graph(adjacency, edges, drawn=True)


FAMILY = Family(
    name="random_sparse",
    summary="fixed random recurrence with the Kronecker graph's density",
    source="Nicolini 2026, random control; Jaeger 2001",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=recurrent(GRAPH),
)
