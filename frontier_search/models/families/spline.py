"""spline: a learned spline on every edge from an input to a hidden unit, without a recurrence.

    h = phi(sum_i f_i(x_i)),  f_i a quadratic B-spline with K coefficients     y = W_out [x, h]

Parameters: d H K + (d + H) o + o.

Source: Liu et al., "KAN: Kolmogorov-Arnold Networks" (2024), equation 2.5; Nicolini (2026), next
steps.
"""

from pathlib import Path

from frontier_search.models.architectures.reservoir import reservoir
from frontier_search.models.architectures.spline import Spline
from frontier_search.models.family import Family

FAMILY = Family(
    name="spline",
    summary="a learned spline on every input edge, no recurrence",
    source="Liu et al. 2024; Nicolini 2026, next steps",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: Spline(reservoir(given, None), int(given["basis_functions"])),
)
