"""random_features: a fixed random input map; only the readout is learned.

    y = W_out [x, tanh(s (W_in x + b_in))] + b_out,     W_in and b_in drawn by the seed

Source: Huang et al., "Extreme learning machine" (Neurocomputing 70, 2006); Rahimi and Recht,
"Random Features for Large-Scale Kernel Machines" (NIPS 2007). Parameters: (d + H) o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.fixed_input import random_features
from frontier_search.models.family import Family

FAMILY = Family(
    name="random_features",
    summary="control: fixed random input map, learned readout",
    source="Huang et al. 2006; Rahimi and Recht 2007",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=random_features,
)
