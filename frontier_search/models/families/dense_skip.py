"""dense_skip: hidden ReLU layers whose readout sees the inputs too, as the reservoirs' does.

    y = W_out h_L + W_skip x + b

Source: Cheng et al., "Wide & Deep Learning" (2016), for the skip; a control of this project.
With one layer it is no_recurrence with ReLU. Parameters: those of a dense network of as many
layers, and d o.
"""

from pathlib import Path

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.family import Family

FAMILY = Family(
    name="dense_skip",
    summary="control: dense hidden layers, readout over [x, h]",
    source="control of dense; Cheng et al. 2016",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda hyperparameters: FeedForward(
        int(hyperparameters["hidden"]), int(hyperparameters["layers"]), skip=True
    ),
)
