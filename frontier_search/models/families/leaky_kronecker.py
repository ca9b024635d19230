"""leaky_kronecker: the Kronecker recurrence on two time scales, half of the units fast, half slow.

    h_{t+1} = (1 - a) h_t + a phi(h_t + phi(h_t G^T))

a is leak_fast for the first H / 2 units and leak_slow for the second half. The first half, whose
leading binary digit is 0, listens to the whole graph, so the fast units are its hubs. Both leaks
are fixed. Parameters: those of kronecker, which it equals where both leaks are 1.

Source: Jaeger et al., "Optimization and applications of echo state networks with leaky-integrator
neurons" (Neural Networks 20, 2007); Nicolini (2026), next steps.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from frontier_search.models.architectures.reservoir import Reservoir, reservoir
from frontier_search.models.families import kronecker
from frontier_search.models.family import Family
from frontier_search.space import Value


def build(given: Mapping[str, Value]) -> Reservoir:
    leaks = (float(given["leak_fast"]), float(given["leak_slow"]))
    return replace(reservoir(given, kronecker.GRAPH), leaks=leaks)


FAMILY = Family(
    name="leaky_kronecker",
    summary="Kronecker recurrence, half of the units fast, half slow",
    source="Jaeger et al. 2007; Nicolini 2026, next steps",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=build,
)
