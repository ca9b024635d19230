"""echo_state: a fixed leaky recurrence over the steps of a sequence; only the readout is learned.

    h_t = (1 - a) h_{t-1} + a tanh(W_in x_t + b_in + G h_{t-1})     y = W_out [x_T, h_T] + b_out

The hyperparameter ``graph`` names G: every kind of fixed graph that this project has. The readout
is solved for in closed form; with ``readout: trained`` gradients train it.

Source: Jaeger, "The echo state approach" (GMD report 148, 2001); Nicolini (2026), for the graphs.
Parameters: (C + H) o + o.
"""

from collections.abc import Mapping
from pathlib import Path

from frontier_search.models.architectures.echo_state import EchoState, echo_state
from frontier_search.models.families import (
    dense_random,
    kronecker,
    kronecker_permuted,
    random_sparse,
)
from frontier_search.models.family import Family
from frontier_search.space import Value

GRAPHS = {
    "kronecker": kronecker.GRAPH,
    "kronecker_permuted": kronecker_permuted.GRAPH,
    "random_sparse": random_sparse.GRAPH,
    "dense_random": dense_random.GRAPH,
}


def build(hyperparameters: Mapping[str, Value]) -> EchoState:
    return echo_state(hyperparameters, GRAPHS)


FAMILY = Family(
    name="echo_state",
    summary="sequences: a fixed leaky recurrence, readout in closed form",
    source="Jaeger 2001; Nicolini 2026",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=build,
    sequence=True,
)
