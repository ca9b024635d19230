"""dense_tanh: the dense network with tanh in place of ReLU, as the reservoirs have it.

Source: LeCun et al., "Efficient BackProp" (1998), for tanh; a control of this project, because the
published recurrent families are tanh networks and the published dense ones are ReLU networks.
Parameters: those of dense.
"""

from pathlib import Path

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.family import Family

FAMILY = Family(
    name="dense_tanh",
    summary="control: two tanh hidden layers, Adam",
    source="control of dense; LeCun et al. 1998",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda hyperparameters: FeedForward(
        int(hyperparameters["hidden"]), layers=2, activation="tanh"
    ),
)
