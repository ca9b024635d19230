"""scaffold: a readout of a small convolutional network's flattened feature map.

    h = features(x)     y = W_out h + b_out

The control of scaffold_kronecker. Parameters: exactly those of scaffold_kronecker.

Source: LeCun et al., "Gradient-based learning applied to document recognition" (Proceedings of the
IEEE 86, 1998); Nicolini (2026), next steps.
"""

from pathlib import Path

from frontier_search.models.architectures.convolution import scaffold
from frontier_search.models.family import Family

FAMILY = Family(
    name="scaffold",
    summary="feature map of a small CNN, read out",
    source="LeCun et al. 1998; Nicolini 2026, next steps",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: scaffold(given, None),
    image=True,
)
