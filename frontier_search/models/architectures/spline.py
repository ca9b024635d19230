"""A reservoir whose input map has a learned function on every edge, a quadratic B-spline, in place of a weight.

    h_0,j = phi(sum_i f_ji(x_i))     f_ji(x) = sum_k c_jik B_k(x),  k = 1 .. K     then as in ``architectures.reservoir``

The grid is fixed: K - 2 equal intervals of [-2, 2], where nearly all of a standardised input lies, and all of one in [0, 1] or [-1, 1].
Degree 2 and not 1, so that an edge can bend within one interval, wherever the dataset lies on the grid; an input in [0, 1] would see few
knots. Beyond the grid f is continued linearly: every linear map is then an exact case, c_jik = w_ji (Greville abscissa k), and an outlier is
treated as by a weight. The B_k sum to one, so that a bias would be one scalar too many. Source: Liu et al., "KAN: Kolmogorov-Arnold
Networks" (2024), equations 2.5 and 2.10 to 2.12, without the term w_b silu(x), whose part the linear case plays.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.family import Size
from frontier_search.models.graph import Graph

BASIS_FLOPS = 10  # of the three B_k that are not zero at one input: t^2 / 2, (1 - t)^2 / 2 and what is left to one
SUPPORT = 3  # of the B_k are not zero at one input


@dataclass(frozen=True)
class Spline:
    """The edge map before a reservoir.

    Attributes:
        core: the hidden units and their recurrence, if there is one.
        basis_functions: K, at least 3.
    """

    core: Reservoir
    basis_functions: int
    network: str = "frontier_search.models.networks.spline:SplineStack"

    def __post_init__(self) -> None:
        if self.basis_functions < SUPPORT:
            raise SpecError(
                f"basis_functions = {self.basis_functions}; a quadratic B-spline has at least {SUPPORT}"
            )

    @property
    def graph(self) -> Graph | None:
        return self.core.graph

    @property
    def shape(self) -> Hashable:
        return (self.core.shape, self.basis_functions)

    @property
    def rank(self) -> int:
        return self.core.rank

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """d H K + (d + H) o + o scalars, all effective: the reservoir's with d H K in place of d H + H."""
        d, h, core = n_inputs, self.core.hidden, self.core.size(n_inputs, n_outputs)
        raw = core.raw - (d * h + h) + d * h * self.basis_functions
        flops = core.flops - 2 * d * h + BASIS_FLOPS * d + 2 * SUPPORT * d * h
        return Size(raw=raw, effective=raw, flops=flops, bytes=core.bytes + 4 * (raw - core.raw))
