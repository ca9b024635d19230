"""gated_kronecker: the Kronecker recurrence with one learned scalar that mixes in its update.

    h_{t+1} = (1 - z) h_t + z phi(h_t + phi(h_t G^T)),     z = sigmoid(gate)

The gate starts at 0. Parameters: those of kronecker and one more.

Source: Nicolini, "Fractal Connectivity Scaffold Networks" (2026), the gated variant.
"""

from pathlib import Path

from frontier_search.models.architectures.reservoir import recurrent
from frontier_search.models.families import kronecker
from frontier_search.models.family import Family

FAMILY = Family(
    name="gated_kronecker",
    summary="Kronecker recurrence with one learned gate",
    source="Nicolini 2026, gated variant",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=recurrent(kronecker.GRAPH, gated=True),
)
