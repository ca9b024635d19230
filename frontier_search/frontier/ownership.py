"""Which families own a frontier: their shares of its members and of its hypervolume.

The frontier of (validation loss, parameters) is chosen on validation and valued on test. Its
hypervolume is cut into columns, one for each member, on the logarithmic axis of parameters. A
column reaches from the member's number of parameters to the next member's, because with a parameter
budget between the two one would take this member. Its height is the gain: the test loss of the best
constant prediction minus the member's. So a family's share of the hypervolume is its share of the
gain at a budget drawn at random from the range.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.interval import LEVEL, Interval, percentile, resamples
from frontier_search.frontier.pareto import nondominated

ULTRA_LOW = 100  # parameters: what the study calls ultra-low


@dataclass(frozen=True)
class Range:
    """From ``low`` to ``high`` parameters, both included."""

    low: float = 1.0
    high: float = math.inf

    def __str__(self) -> str:
        if math.isfinite(self.high):
            return (
                f"{self.low:,.0f} to {self.high:,.0f} parameters"
                if self.low > 1
                else f"at most {self.high:,.0f} parameters"
            )
        return f"from {self.low:,.0f} parameters" if self.low > 1 else "whole range"


WHOLE, LOW_END = Range(), Range(high=ULTRA_LOW)


@dataclass(frozen=True)
class Share:
    """A share between 0 and 1 with its interval over resampled seeds; nan in an empty range."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Ownership:
    """Shares of every family in one range.

    Attributes:
        families: (F,) names.
        members, volume: (1 + B, F) shares: row 0 on the seeds as they are, the other rows on B
            resamples of them; nan where the range is empty.
        n_members: number of members in the range on the seeds as they are.
    """

    families: tuple[str, ...]
    members: NDArray[np.float64]
    volume: NDArray[np.float64]
    n_members: int

    def samples(self, families: Iterable[str], measure: str = "volume") -> NDArray[np.float64]:
        """Returns the shares of some families together, (1 + B,).

        Args:
            measure: ``volume`` or ``members``.
        """
        wanted = set(families)
        shares = self.volume if measure == "volume" else self.members
        return np.asarray(shares[:, [family in wanted for family in self.families]].sum(axis=1))

    def of(self, families: Iterable[str], measure: str = "volume", level: float = LEVEL) -> Share:
        """Returns the share of some families together, with its interval."""
        return _share(self.samples(families, measure), level)

    def between(self, first: Iterable[str], second: Iterable[str], level: float = LEVEL) -> Share:
        """Returns the first group's share of the hypervolume that both groups own together."""
        a, b = self.samples(first), self.samples(second)
        return _share(a / np.where(a + b > 0, a + b, np.nan), level)


def _share(samples: NDArray[np.float64], level: float) -> Share:
    return Share(float(samples[0]), percentile(samples[1:], level))


def ownership(
    evidence: Evidence, constant: NDArray[np.float64], within: Range = WHOLE
) -> Ownership:
    """Returns every family's shares of the frontier of some evidence.

    Args:
        evidence: every candidate trained on every seed.
        constant: (S,) test loss of the best constant prediction, seed by seed.
        within: the range of parameters.
    """
    families = tuple(sorted({candidate.family for candidate in evidence.candidates}))
    family = np.array(
        [families.index(candidate.family) for candidate in evidence.candidates], dtype=np.int64
    )
    n_seeds = len(evidence.seeds)
    weights = np.vstack([np.full(n_seeds, 1 / n_seeds), resamples(n_seeds)])
    val, test = weights @ evidence.values("val_loss").T, weights @ evidence.values("test_loss").T
    shares = [
        _shares(evidence.params, v, t, c, family, len(families), within)
        for v, t, c in zip(val, test, weights @ constant, strict=True)
    ]
    return Ownership(
        families,
        np.array([m for m, _, _ in shares]),
        np.array([v for _, v, _ in shares]),
        shares[0][2],
    )


def _shares(
    params: NDArray[np.float64],
    val: NDArray[np.float64],
    test: NDArray[np.float64],
    constant: float,
    family: NDArray[np.int64],
    n_families: int,
    within: Range,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Returns the shares for one draw of seeds.

    Args:
        val, test: (n,) mean losses.
        family: (n,) indices of the candidates' families.

    Returns:
        the families' shares of members and of volume, (F,) each, and the number of members in the
        range.
    """
    chosen = np.flatnonzero(nondominated(np.column_stack([val, params])))
    chosen = chosen[np.argsort(params[chosen], kind="stable")]
    inside = chosen[(params[chosen] >= within.low) & (params[chosen] <= within.high)]
    end = math.log10(min(within.high, float(params.max())))
    edges = np.append(np.log10(params[chosen]), math.inf)
    widths = np.clip(
        np.minimum(edges[1:], end) - np.maximum(edges[:-1], math.log10(within.low)), 0, None
    )
    areas = widths * np.clip(constant - test[chosen], 0, None)
    counts, volumes = np.zeros(n_families), np.zeros(n_families)
    np.add.at(counts, family[inside], 1.0)
    np.add.at(volumes, family[chosen], areas)
    return counts / (counts.sum() or math.nan), volumes / (volumes.sum() or math.nan), len(inside)
