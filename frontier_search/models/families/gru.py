"""gru: a gated recurrent unit over the steps of a sequence.

    r, z = s(W x_t + U h + b)     c = tanh(W_c x_t + b_c + r (U_c h + d_c))
    h_t = (1 - z) c + z h     y = W_out h_T + b_out

Source: Cho et al., "Learning phrase representations using RNN encoder-decoder" (EMNLP 2014), in the
form of torch.nn.GRU.
Parameters: 3 H (C + H) + 4 H + H o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.gated import gru
from frontier_search.models.family import Family

FAMILY = Family(
    name="gru",
    summary="sequences: a gated recurrent unit",
    source="Cho et al. 2014",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=gru,
    sequence=True,
)
