"""gated_kronecker: the Kronecker recurrence, its update mixed in through one learned scalar.

    h_{t+1} = (1 - z) h_t + z phi(h_t + phi(h_t G^T)),     z = sigmoid(gate), the gate starting at 0

Source: Nicolini, "Fractal Connectivity Scaffold Networks" (2026), the gated variant. Parameters: those of kronecker and one more.
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
