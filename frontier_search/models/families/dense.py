"""dense: two fully connected hidden layers, trained with Adam.

Parameters: d h + h + h^2 + h + h o + o.

Source: Nicolini, "Fractal Connectivity Scaffold Networks" (2026), the dense baseline.
"""

from pathlib import Path

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.family import Family

FAMILY = Family(
    name="dense",
    summary="two tanh hidden layers, Adam",
    source="Nicolini 2026, dense baseline",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda hyperparameters: FeedForward(hidden=int(hyperparameters["hidden"]), layers=2),
)
