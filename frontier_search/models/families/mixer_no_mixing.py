"""mixer_no_mixing: a Mixer without token mixing, the control of mixer_kronecker.

Patches are combined only by the mean over all of them. Parameters: exactly those of
mixer_kronecker.

Source: Tolstikhin et al. (2021); Nicolini (2026), next steps.
"""

from pathlib import Path

from frontier_search.models.architectures.mixer import mixer
from frontier_search.models.family import Family

FAMILY = Family(
    name="mixer_no_mixing",
    summary="small Mixer without its token mixing",
    source="Tolstikhin et al. 2021; Nicolini 2026, next steps",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: mixer(given, None),
    image=True,
)
