"""last_values: an affine map of the last k steps of a sequence, in closed form.

    y = W [x_{T-k+1}, ..., x_T] + b

The control that shows what a memory, or a nonlinearity, contributes.
Source: linear autoregression, Yule (1927).
Parameters: min(k, T) C o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.last_values import last_values
from frontier_search.models.family import Family

FAMILY = Family(
    name="last_values",
    summary="control for sequences: linear on a delay line",
    source="Yule 1927",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=last_values,
    sequence=True,
)
