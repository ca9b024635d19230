"""scaffold_random: scaffold_kronecker on the graph of random_sparse, which has as many edges.

The control that shows what the Kronecker graph contributes. Parameters: those of
scaffold_kronecker.

Source: Nicolini (2026), the random control and the next steps.
"""

from pathlib import Path

from frontier_search.models.architectures.convolution import scaffold
from frontier_search.models.families import random_sparse
from frontier_search.models.family import Family

FAMILY = Family(
    name="scaffold_random",
    summary="control: feature map of a small CNN on a random sparse graph",
    source="Nicolini 2026, random control and next steps",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: scaffold(given, random_sparse.GRAPH),
    image=True,
)
