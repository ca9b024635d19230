"""mixer: a small MLP-Mixer: patches are mixed by learned weights, then channels.

Beside mixer_kronecker it has the 2 S E + E scalars of its token mixing more in each layer. Source: Tolstikhin et al., "MLP-Mixer: An all-MLP
Architecture for Vision" (NeurIPS 2021), equation 1; the differences stand in ``architectures.mixer``.
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
