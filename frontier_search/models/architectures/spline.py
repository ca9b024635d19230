"""A reservoir whose input map has a learned quadratic B-spline on every edge in place of a weight.

    h_0,j = phi(sum_i f_ji(x_i))     f_ji(x) = sum_k c_jik B_k(x),  k = 1 .. K

and then as in ``architectures.reservoir``. The grid is fixed: K - 2 equal intervals of [-2, 2].
Nearly all of a standardised input is in there, and all of an input in [0, 1] or [-1, 1]. The degree
is 2 and not 1, so that an edge can bend within one interval: an input in [0, 1] meets few knots.
Beyond the grid f is continued linearly. Every linear map is then an exact case, c_jik = w_ji
(Greville abscissa k), and an outlier is treated as by a weight. The B_k sum to one, so a bias would
be one scalar too many.

Source: Liu et al., "KAN: Kolmogorov-Arnold Networks" (2024), equations 2.5 and 2.10 to 2.12,
without the term w_b silu(x), whose role the linear case has.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.family import Size
from frontier_search.models.graph import Graph

SUPPORT = 3  # B_k that are not zero at one input
BASIS_FLOPS = 10  # of these three: t^2 / 2, (1 - t)^2 / 2, and 1 minus their sum


@dataclass(frozen=True)
class Spline:
    """The edge map before a reservoir.

    Attributes:
        core: the hidden units, and their recurrence if there is one.
        basis_functions: K, at least 3.
    """

    core: Reservoir
    basis_functions: int
    network: str = "frontier_search.models.networks.spline:SplineStack"

    def __post_init__(self) -> None:
        if self.basis_functions < SUPPORT:
            raise SpecError(
                f"basis_functions = {self.basis_functions}; a quadratic B-spline has at least "
                f"{SUPPORT}"
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
        """Counts d H K + (d + H) o + o scalars, all effective.

        They are the reservoir's, with d H K in place of d H + H.
        """
        d, h, core = n_inputs, self.core.hidden, self.core.size(n_inputs, n_outputs)
        raw = core.raw - (d * h + h) + d * h * self.basis_functions
        flops = core.flops - 2 * d * h + BASIS_FLOPS * d + 2 * SUPPORT * d * h
        more = 4 * (raw - core.raw)
        return Size(raw, raw, flops, core.bytes + more, core.unrolled_bytes + more)
