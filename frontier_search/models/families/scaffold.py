"""scaffold: a small convolutional network whose flattened feature map is read out: the control of scaffold_kronecker.

    h = features(x)     y = W_out h + b_out

Parameters: those of scaffold_kronecker, exactly. Source: LeCun et al., "Gradient-based learning applied to document recognition"
(Proceedings of the IEEE 86, 1998); Nicolini (2026), next steps.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.models.architectures.convolution import Scaffold
from frontier_search.models.architectures.reservoir import Reservoir, recurrence_over
from frontier_search.models.families.conv import front
from frontier_search.models.family import Family
from frontier_search.models.graph import Graph
from frontier_search.space import Value


def on_features(graph: Graph | None) -> Callable[[Mapping[str, Value]], Scaffold]:
    """The ``build`` of a scaffold with a graph, or without one."""

    def build(given: Mapping[str, Value]) -> Scaffold:
        features = front(given)
        problem = graph.problem(features.features) if graph else None
        if problem:
            raise SpecError(
                f"channels = {features.channels} and grid = {features.grid}, channels x grid^2 hidden units: {problem}"
            )
        return Scaffold(
            features,
            recurrence_over(features.features, graph, given)
            if graph
            else Reservoir(hidden=features.features),
        )

    return build


FAMILY = Family(
    name="scaffold",
    summary="feature map of a small CNN, read out",
    source="LeCun et al. 1998; Nicolini 2026, next steps",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=on_features(None),
    image=True,
)
