"""A reservoir whose graph is a Kronecker product of small factors, learned or with a learned part.

    h_0 = phi(W_in x + b_in)     h_{t+1} = phi(h_t + phi(G_t h_t))     y = W_out [x, h_T] + b_out
    G_t = rho (F_{t,1} (x) ... (x) F_{t,L}),     H = n^L for factors of n x n

Every factor starts at, or is a correction of, the initiator K divided by its spectral radius. G
then starts with the spectral radius rho, because a Kronecker product's eigenvalues are the products
of its factors'. rho stays as it is while the factors learn: nothing is normalised again, so the
spectral radius of G may change. G is applied factor by factor (``models.kronecker_product``). It is
therefore not binarised and its diagonal is not zeroed, which no product of factors could express.

Source: Leskovec et al., "Kronecker Graphs" (JMLR 2010), section 5, where an initiator is fitted;
Nicolini, "Fractal Connectivity Scaffold Networks" (2026), next steps.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.models.family import Size

Learns = Literal["shared", "per_level", "rank_one"]


@dataclass(frozen=True)
class Factored:
    """H = n^L hidden units, updated T times through L factors.

    Attributes:
        hidden: H.
        steps: T.
        initiator: rows of the n x n matrix K.
        learns: ``shared``: one factor for all levels and steps, n^2 scalars. ``per_level``: one per
            level, L n^2 scalars. ``rank_one``: K is fixed and u v^T is added to it at each level of
            each step, 2 n L T scalars.
        spectral_radius: rho.
    """

    hidden: int
    steps: int
    initiator: tuple[tuple[float, ...], ...]
    learns: Learns
    spectral_radius: float = 0.9
    network: str = "frontier_search.models.networks.factored:FactoredStack"

    def __post_init__(self) -> None:
        n = len(self.initiator)
        if n**self.levels != self.hidden or self.levels < 1:
            below = n ** max(1, self.levels)
            nearest = (
                f"the nearest are {below} and {n * below}"
                if self.hidden > n
                else f"the nearest is {n}"
            )
            raise SpecError(
                f"hidden = {self.hidden}; a power of {n}, the size of the initiator, is needed: "
                f"{nearest}"
            )
        if self.steps < 1:
            raise SpecError(
                f"steps = {self.steps}; a recurrence needs at least one step "
                "(no_recurrence has none)"
            )
        if self.learns not in get_args(Learns):
            raise SpecError(
                f"{self.learns!r} is no way to learn factors; "
                f"there are {', '.join(get_args(Learns))}"
            )

    @property
    def levels(self) -> int:
        """L, the largest number with n^L <= H."""
        levels, width = 0, len(self.initiator)
        while width <= self.hidden:
            levels, width = levels + 1, width * len(self.initiator)
        return levels

    @property
    def shape(self) -> Hashable:
        return (
            self.hidden,
            self.initiator,
            self.learns,
            self.steps if self.learns == "rank_one" else None,
        )

    @property
    def rank(self) -> int:
        """T. Sorted by it, the models that still run at step t are the first of the stack."""
        return self.steps

    def factor(self) -> NDArray[np.float64]:
        """Returns K scaled to a spectral radius of 1, (n, n)."""
        matrix = np.array(self.initiator, dtype=np.float64)
        return np.asarray(matrix / np.abs(np.linalg.eigvals(matrix)).max())

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts d H + H + (d + H) o + o scalars and those of the factors, all effective.

        rho is multiplied into a factor once, when a model is stored, and costs nothing. With
        ``rank_one`` the one fixed factor is stored.
        """
        d, h, o, n = n_inputs, self.hidden, n_outputs, len(self.initiator)
        learned = {
            "shared": n * n,
            "per_level": self.levels * n * n,
            "rank_one": 2 * n * self.levels * self.steps,
        }[self.learns]
        corrected = self.learns == "rank_one"
        raw = d * h + h + (d + h) * o + o + learned
        correction = 2 * n * n * self.levels if corrected else 0  # K + u v^T
        a_step = 2 * n * h * self.levels + h + 2 * h + correction  # products, the sum, two tanh
        flops = 2 * d * h + h + self.steps * a_step + 2 * (d + h) * o
        fixed = min(8 * int(np.count_nonzero(self.initiator)), 4 * n * n) if corrected else 0
        return Size(raw=raw, effective=raw, flops=flops, bytes=4 * raw + fixed)
