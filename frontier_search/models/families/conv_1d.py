"""conv_1d: causal convolutions over the steps of a sequence, in strides that double.

    m_l = relu(K_l * m_{l-1} + b_l)     y = W_out f + b_out

f is the last step of the last layer, or its mean over all steps.

Source: Bai et al., "An empirical evaluation of generic convolutional and recurrent networks for
sequence modeling" (2018); Wang et al. (IJCNN 2017).
Parameters: C F k + F + (L - 1)(F^2 k + F) + F o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.convolution_1d import convolution_1d
from frontier_search.models.family import Family

FAMILY = Family(
    name="conv_1d",
    summary="sequences: causal convolutions",
    source="Bai et al. 2018; Wang et al. 2017",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=convolution_1d,
    sequence=True,
)
