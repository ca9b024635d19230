"""mixer_random: mixer_kronecker on the graph of random_sparse, which has as many edges.

The control that shows what the Kronecker graph contributes. Parameters: those of mixer_kronecker.

Source: Nicolini (2026), the random control and the next steps.
"""

from pathlib import Path

from frontier_search.models.architectures.mixer import mixer
from frontier_search.models.families import random_sparse
from frontier_search.models.family import Family

FAMILY = Family(
    name="mixer_random",
    summary="control: small Mixer, token mixing by a random sparse recurrence",
    source="Nicolini 2026, random control and next steps",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: mixer(given, random_sparse.GRAPH),
    image=True,
)
