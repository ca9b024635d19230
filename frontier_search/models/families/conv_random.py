"""conv_random: conv_kronecker with the graph of random_sparse, which has as many edges: the control that tells the Kronecker graph's part.

Parameters: those of conv_kronecker. Source: Nicolini (2026), the random control and the next steps.
"""

from pathlib import Path

from frontier_search.models.architectures.convolution import Convolutional
from frontier_search.models.architectures.reservoir import recurrent
from frontier_search.models.families import conv, random_sparse
from frontier_search.models.family import Family

CORE = recurrent(random_sparse.GRAPH)

FAMILY = Family(
    name="conv_random",
    summary="control: small CNN and a random sparse reservoir head",
    source="Nicolini 2026, random control and next steps",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: Convolutional(conv.front(given), CORE(given)),
    image=True,
)
