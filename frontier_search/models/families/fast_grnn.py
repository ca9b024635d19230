"""fast_grnn: a recurrent unit whose gate and candidate share their matrices, for small devices.

    p = W x_t + U h     z = s(p + b_z)     c = tanh(p + b_c)
    h_t = (s(zeta) (1 - z) + s(nu)) c + z h     y = W_out h_T + b_out

Source: Kusupati et al., "FastGRNN: a fast, accurate, stable and tiny kilobyte sized gated recurrent
neural network" (NeurIPS 2018), with its low rank of U, and without its sparsity and quantisation.
Parameters: H C + (H^2 or 2 H r) + 2 H + 2 + H o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.gated import fast_grnn
from frontier_search.models.family import Family

FAMILY = Family(
    name="fast_grnn",
    summary="sequences: a gated unit with shared matrices",
    source="Kusupati et al. 2018",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=fast_grnn,
    sequence=True,
)
