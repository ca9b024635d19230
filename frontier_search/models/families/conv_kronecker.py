"""conv_kronecker: a small convolutional network before the recurrence of kronecker.

    f = features(x)
    h_0 = phi(W_in f + b_in)     h_{t+1} = phi(h_t + phi(h_t G^T))     y = W_out [f, h_T] + b_out

Without the recurrence it is conv, scalar by scalar.

Source: Nicolini (2026), next steps; LeCun et al. (1998) for the features.
"""

from pathlib import Path

from frontier_search.models.architectures.convolution import convolutional
from frontier_search.models.families import kronecker
from frontier_search.models.family import Family

FAMILY = Family(
    name="conv_kronecker",
    summary="small CNN and a Kronecker reservoir head",
    source="Nicolini 2026, next steps; LeCun et al. 1998",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: convolutional(given, kronecker.GRAPH),
    image=True,
)
