"""scaffold_kronecker: a small convolutional network's feature map as the state of kronecker.

    h_0 = features(x)     h_{t+1} = phi(h_t + phi(h_t G^T))     y = W_out h_T + b_out

There is no input map. The C maps on a grid of g x g are the H = C g^2 units, a power of two where C
and g are powers of two. Without the recurrence it is scaffold, scalar by scalar.

Source: Nicolini (2026), next steps; LeCun et al. (1998) for the features.
"""

from pathlib import Path

from frontier_search.models.architectures.convolution import scaffold
from frontier_search.models.families import kronecker
from frontier_search.models.family import Family

FAMILY = Family(
    name="scaffold_kronecker",
    summary="feature map of a small CNN as a Kronecker scaffold's state",
    source="Nicolini 2026, next steps; LeCun et al. 1998",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: scaffold(given, kronecker.GRAPH),
    image=True,
)
