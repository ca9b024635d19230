"""conv: a small convolutional network before a hidden layer, the control of conv_kronecker.

    f = features(x)     y = W_out [f, phi(W_in f + b_in)] + b_out

Parameters: exactly those of conv_kronecker. The readout sees the features too, as a reservoir's
sees its input.

Source: LeCun et al., "Gradient-based learning applied to document recognition" (Proceedings of the
IEEE 86, 1998); Nicolini (2026), next steps.
"""

from pathlib import Path

from frontier_search.models.architectures.convolution import convolutional
from frontier_search.models.family import Family

FAMILY = Family(
    name="conv",
    summary="small CNN and a dense head",
    source="LeCun et al. 1998; Nicolini 2026, next steps",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: convolutional(given, None),
    image=True,
)
