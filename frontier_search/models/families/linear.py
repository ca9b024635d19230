"""linear: an affine map of the inputs, trained with Adam.

    y = W x + b

Source: the first model that every engineer tries; linear, logistic and softmax regression.
Parameters: d o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.family import Family

FAMILY = Family(
    name="linear",
    summary="control: an affine map, no hidden layer",
    source="linear and logistic regression",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda hyperparameters: FeedForward(hidden=0, layers=0),
)
