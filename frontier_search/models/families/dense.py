"""dense: two fully connected hidden ReLU layers, trained with Adam.

Source: Nicolini, "Fractal Connectivity Scaffold Networks" (2026), "Dense: ReLU MLP width sweep".
Parameters: d h + h + h^2 + h + h o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.family import Family

FAMILY = Family(
    name="dense",
    summary="two ReLU hidden layers, Adam",
    source="Nicolini 2026, dense baseline",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda hyperparameters: FeedForward(int(hyperparameters["hidden"]), layers=2),
)
