"""kronecker_fixed_input: the kronecker recurrence behind a fixed random input map.

Only the readout over [x, h_T] is learned: the classical echo-state recipe.
Source: Jaeger, "The echo state approach" (GMD report 148, 2001); Nicolini (2026), for the graph.
Parameters: (d + H) o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.fixed_input import fixed_input
from frontier_search.models.families import kronecker
from frontier_search.models.family import Family

FAMILY = Family(
    name="kronecker_fixed_input",
    summary="control: kronecker with a fixed input map, learned readout",
    source="Jaeger 2001; Nicolini 2026",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=fixed_input(kronecker.GRAPH),
)
