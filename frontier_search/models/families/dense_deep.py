"""dense_deep: three fully connected hidden layers, trained with Adam.

Parameters: d h + h + 2 (h^2 + h) + h o + o.

Source: Nicolini, "Fractal Connectivity Scaffold Networks" (2026), the deep baseline.
"""

from pathlib import Path

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.family import Family

FAMILY = Family(
    name="dense_deep",
    summary="three tanh hidden layers, Adam",
    source="Nicolini 2026, deep baseline",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda hyperparameters: FeedForward(hidden=int(hyperparameters["hidden"]), layers=3),
)
