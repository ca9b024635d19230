"""dense_adamw: the dense network, trained with decoupled weight decay.

Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (ICLR 2019),
algorithm 2; Nicolini (2026), "the same, with weight decay". Parameters: those of dense.
"""

from pathlib import Path

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.family import Family

FAMILY = Family(
    name="dense_adamw",
    summary="two ReLU hidden layers, AdamW",
    source="Loshchilov and Hutter 2019; Nicolini 2026",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda hyperparameters: FeedForward(int(hyperparameters["hidden"]), layers=2),
)
