"""spline_kronecker: the edge map of spline before the recurrence of kronecker.

    h_0 = phi(sum_i f_i(x_i))     h_{t+1} = phi(h_t + phi(h_t G^T))     y = W_out [x, h_T]

Parameters: those of spline.

Source: Nicolini (2026), next steps; Liu et al., "KAN: Kolmogorov-Arnold Networks" (2024), equation
2.5.
"""

from pathlib import Path

from frontier_search.models.architectures.reservoir import reservoir
from frontier_search.models.architectures.spline import Spline
from frontier_search.models.families import kronecker
from frontier_search.models.family import Family

FAMILY = Family(
    name="spline_kronecker",
    summary="a learned spline on every input edge, Kronecker recurrence",
    source="Nicolini 2026, next steps; Liu et al. 2024",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: Spline(reservoir(given, kronecker.GRAPH), int(given["basis_functions"])),
)
