"""no_recurrence: the reservoir's input and output maps without a recurrence (T = 0).

    y = W_out [x, phi(W_in x)]

Parameters: those of kronecker.

Source: Nicolini, "Fractal Connectivity Scaffold Networks" (2026), the expansion control.
"""

from pathlib import Path

from frontier_search.models.architectures.reservoir import reservoir
from frontier_search.models.family import Family

FAMILY = Family(
    name="no_recurrence",
    summary="the reservoir without its recurrence",
    source="Nicolini 2026, expansion control",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: reservoir(given, None),
)
