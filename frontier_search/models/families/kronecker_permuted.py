"""kronecker_permuted: the Kronecker graph, its rows and its columns shuffled independently.

    G = P K Q,  P and Q random permutations drawn by the seed

It keeps both degree distributions and the singular values. It loses the self-similarity, the
symmetry and the spectrum. The same permutation on both sides would only rename the units, which
makes no difference to a learned input map.

Source: Nicolini (2026), the permuted control.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontier_search.models.architectures.reservoir import recurrent
from frontier_search.models.families import kronecker
from frontier_search.models.family import Family
from frontier_search.models.graph import Graph


def adjacency(hidden: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns (H, H) of 0 and 1. An edge may be on the diagonal."""
    graph = kronecker.adjacency(hidden, rng)
    return graph[rng.permutation(hidden)][:, rng.permutation(hidden)]


GRAPH = Graph(adjacency, kronecker.edges, kronecker.problem, drawn=True)


FAMILY = Family(
    name="kronecker_permuted",
    summary="control: Kronecker graph, rows and columns shuffled",
    source="Nicolini 2026, permuted control",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=recurrent(GRAPH),
)
