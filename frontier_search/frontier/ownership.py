"""Which families own a frontier: their shares of its members and of its hypervolume.

The frontier of (validation loss, parameters) is chosen on validation and valued on test. Its
hypervolume is cut into columns, one for each member, on the logarithmic axis of parameters. A
column reaches from the member's number of parameters to the next member's, because with a parameter
budget between the two one would take this member. Its height is the gain: the test loss of the best
constant prediction minus the member's. So a family's share of the hypervolume is its share of the
gain at a budget drawn at random from the range.

Every seed has a frontier of its own. An interval speaks of the typical seed: of the median of the
share over seeds. It is exact (see ``signs``), because the seeds are independent. The share on the
frontier of the mean losses has no interval: when two rivals are equal, it jumps between 0 and 1
with the noise, and a bootstrap of five seeds calls one of them the winner 15 % of the time. Beside
every share stands the one by lots: where all candidates are equally good, a family owns on average
its part of the candidates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.correction import holm
from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.interval import LEVEL, Interval
from frontier_search.frontier.pareto import nondominated
from frontier_search.frontier.signs import chance_of_agreement, typical

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
    """A share between 0 and 1.

    Attributes:
        value: on the frontier of the mean losses; nan if nothing is owned there.
        typical: the median over seeds of the share on each seed's own frontier.
        interval: of that median.
    """

    value: float
    typical: float
    interval: Interval


@dataclass(frozen=True)
class Ownership:
    """Shares of every family in one range.

    Attributes:
        families: (F,) names.
        members, volume: (1 + S, F) shares: row 0 on the frontier of the mean losses, the other rows
            on the frontier of each of S seeds; nan where the range is empty.
        n_members: number of members in the range on the frontier of the mean losses.
        lots: (F,) each family's part of the candidates in the range; nan if there is none.
    """

    families: tuple[str, ...]
    members: NDArray[np.float64]
    volume: NDArray[np.float64]
    n_members: int
    lots: NDArray[np.float64]

    def samples(self, families: Iterable[str], measure: str = "volume") -> NDArray[np.float64]:
        """Returns the shares of some families together, (1 + S,).

        Args:
            measure: ``volume`` or ``members``.
        """
        shares = self.volume if measure == "volume" else self.members
        return np.asarray(shares[:, self._mask(families)].sum(axis=1))

    def of(self, families: Iterable[str], measure: str = "volume", level: float = LEVEL) -> Share:
        """Returns the share of some families together, with its interval."""
        return _share(self.samples(families, measure), level)

    def by_lots(self, families: Iterable[str]) -> float:
        """Returns the share that some families would own on average if all drew lots."""
        return float(self.lots[self._mask(families)].sum())

    def grouped(self, groups: Mapping[str, Iterable[str]]) -> Ownership:
        """Returns the shares of groups of families, as if each group were one family.

        Args:
            groups: name -> families; a group without any family in the contest owns nothing.
        """
        masks = [self._mask(families) for families in groups.values()]

        def summed(shares: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.stack([shares[..., mask].sum(axis=-1) for mask in masks], axis=-1)

        return replace(
            self,
            families=tuple(groups),
            members=summed(self.members),
            volume=summed(self.volume),
            lots=summed(self.lots),
        )

    def beaten(self, level: float = LEVEL) -> dict[str, tuple[str, ...]]:
        """Returns, for each family, the families that own less of the hypervolume than it does.

        Every family is compared with every other one by the sign test over seeds, with Holm's
        correction for the number of pairs. Seeds on which two families own equally much speak for
        neither.
        """
        seeds = self.volume[1:][~np.isnan(self.volume[1:]).any(axis=1)]
        n, f = seeds.shape
        pairs = [(i, j) for i in range(f) for j in range(f) if i != j]
        more = {(i, j): int((seeds[:, i] > seeds[:, j]).sum()) for i, j in pairs}
        unordered = [(i, j) if more[i, j] >= more[j, i] else (j, i) for i, j in pairs if i < j]
        p = holm([min(1.0, 2 * chance_of_agreement(more[pair], n)) for pair in unordered])
        found = [pair for pair, value in zip(unordered, p, strict=True) if value <= 1 - level]
        return {
            family: tuple(self.families[j] for winner, j in found if winner == i)
            for i, family in enumerate(self.families)
        }

    def _mask(self, families: Iterable[str]) -> list[bool]:
        wanted = set(families)
        return [family in wanted for family in self.families]


def _share(samples: NDArray[np.float64], level: float) -> Share:
    seeds = samples[1:][~np.isnan(samples[1:])]
    median = float(np.median(seeds)) if len(seeds) else math.nan
    return Share(float(samples[0]), median, typical(seeds, level))


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
    weights = np.vstack([np.full(n_seeds, 1 / n_seeds), np.eye(n_seeds)])  # the mean, each seed
    val, test = weights @ evidence.values("val_loss").T, weights @ evidence.values("test_loss").T
    shares = [
        _shares(evidence.params, v, t, c, family, len(families), within)
        for v, t, c in zip(val, test, weights @ constant, strict=True)
    ]
    inside = (evidence.params >= within.low) & (evidence.params <= within.high)
    drawn = np.bincount(family[inside], minlength=len(families)) / (inside.sum() or math.nan)
    return Ownership(
        families,
        np.array([m for m, _, _ in shares]),
        np.array([v for _, v, _ in shares]),
        shares[0][2],
        drawn,
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
    """Returns the shares on one frontier.

    Args:
        val, test: (n,) losses, of one seed or the means.
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
