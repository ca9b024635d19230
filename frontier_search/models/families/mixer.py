"""mixer: a small MLP-Mixer: learned weights mix the patches, then the channels.

Parameters: those of mixer_kronecker, and in each layer the 2 S E + E scalars of the token mixing.

Source: Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision" (NeurIPS 2021), equation
1. ``architectures.mixer`` lists the differences.
"""

from collections.abc import Mapping
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.models.architectures.mixer import Mixer, mixer
from frontier_search.models.family import Family
from frontier_search.space import Value


def build(given: Mapping[str, Value]) -> Mixer:
    token_hidden = int(given["token_hidden"])
    if token_hidden < 1:
        raise SpecError(
            f"token_hidden = {token_hidden}; at least 1 is needed (mixer_no_mixing has none)"
        )
    return mixer(given, None, token_hidden)


FAMILY = Family(
    name="mixer",
    summary="small MLP-Mixer, learned token mixing",
    source="Tolstikhin et al. 2021, equation 1",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=build,
    image=True,
)
