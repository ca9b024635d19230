"""dense_deep: three fully connected hidden ReLU layers, trained with Adam.

Source: Nicolini, "Fractal Connectivity Scaffold Networks" (2026), the deep control.
Parameters: d h + h + 2 (h^2 + h) + h o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.family import Family

FAMILY = Family(
    name="dense_deep",
    summary="three ReLU hidden layers, Adam",
    source="Nicolini 2026, deep baseline",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda hyperparameters: FeedForward(int(hyperparameters["hidden"]), layers=3),
)
