"""mixer_kronecker: a Mixer in which the recurrence of kronecker mixes the patches.

    Z_{t+1}^T = phi(Z_t^T + phi(G Z_t^T)),  T steps in place of W_1 and W_2, in each layer

It is the same for every channel. The S = g^2 patches are the hidden units, so g is a power of two.
No part of the token mixing is learned. Parameters: those of mixer_no_mixing.

Source: Nicolini (2026), next steps; Tolstikhin et al. (2021) for the rest.
"""

from pathlib import Path

from frontier_search.models.architectures.mixer import mixer
from frontier_search.models.families import kronecker
from frontier_search.models.family import Family

FAMILY = Family(
    name="mixer_kronecker",
    summary="small Mixer, token mixing by a Kronecker recurrence",
    source="Nicolini 2026, next steps; Tolstikhin et al. 2021",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: mixer(given, kronecker.GRAPH),
    image=True,
)
