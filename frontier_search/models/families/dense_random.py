"""dense_random: recurrence through a full random matrix: every unit listens to every other.

    G_ij ~ N(0, 1) for i != j,  G_ii = 0

Source: Nicolini (2026), the dense random control; Jaeger, "The echo state approach" (GMD report
148, 2001).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontier_search.models.architectures.reservoir import recurrent
from frontier_search.models.family import Family
from frontier_search.models.graph import Graph


def adjacency(hidden: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns (H, H) of standard normal weights with a zero diagonal."""
    graph = rng.standard_normal((hidden, hidden))
    np.fill_diagonal(graph, 0.0)
    return graph


def edges(hidden: int) -> int:
    return hidden * (hidden - 1)


GRAPH = Graph(adjacency, edges, drawn=True)


FAMILY = Family(
    name="dense_random",
    summary="control: fixed full random recurrence",
    source="Nicolini 2026, dense random control; Jaeger 2001",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=recurrent(GRAPH),
)
