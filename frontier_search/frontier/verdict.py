"""Verdicts on statements about candidates or families.

A statement holds, does not hold, or is open: these seeds do not decide it. Every statement is about
the typical seed, that is about a median over seeds (see ``signs``): of the ratio of two paired
losses, of a value that is reached, or of a share of the frontier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.correction import holm
from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.interval import LEVEL, Interval
from frontier_search.frontier.signs import chance_of_agreement, seeds_for_power, typical
from frontier_search.trial import Candidate


class Verdict(StrEnum):
    """Whether a statement holds; the values are the words of the reports."""

    HOLDS = "holds"
    FAILS = "does not hold"
    OPEN = "cannot be told with these seeds"
    SILENT = "no evidence"  # no search has trained the candidates or families that it names


UNKNOWN = Interval(math.nan, math.nan)


@dataclass(frozen=True)
class Finding:
    """What the evidence says about one statement.

    Attributes:
        towards: what most seeds speak for: HOLDS or FAILS; SILENT without evidence.
        estimate: the median over seeds of the ratio first / second, of the share, or of the value
            reached.
        interval: of that median, at the level of one part.
        n_seeds: number of seeds that were trained.
        agreeing: number of seeds that speak for ``towards``.
        p: of this part judged by itself: the chance, if the verdict were wrong, that the seeds
            agree so clearly (sign test, both directions).
        corrected: p after Holm's correction for all parts of the table; p before it.
        allowed: the p that would settle this part.
        level: a corrected p of at most 1 - level gives a verdict.
        sources: names of the searches.
        candidates: those that decide it, and get more seeds.
        detail: the means, in words.
    """

    towards: Verdict
    estimate: float = math.nan
    interval: Interval = UNKNOWN
    n_seeds: int = 0
    agreeing: int = 0
    p: float = math.nan
    corrected: float = math.nan
    allowed: float = 1 - LEVEL
    level: float = LEVEL
    sources: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    detail: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict that the table of claims gives, after the correction."""
        return self._at(self.corrected)

    @property
    def by_itself(self) -> Verdict:
        """The verdict if this were the only part that anybody asked about."""
        return self._at(self.p)

    def _at(self, p: float) -> Verdict:
        if self.towards is Verdict.SILENT:
            return Verdict.SILENT
        return self.towards if p <= 1 - self.level else Verdict.OPEN

    @property
    def more_seeds(self) -> int | None:
        """How many more seeds would settle it with a chance of 80 %, if these are typical.

        The share of seeds that agree is drawn towards one half, as if one more seed had agreed by
        half. 0 when it is settled. None when the seeds are evenly split, or when no affordable
        number would do.
        """
        if self.towards is Verdict.SILENT or 2 * self.agreeing <= self.n_seeds:
            return None
        if self.verdict is not Verdict.OPEN:
            return 0
        share = (self.agreeing + 0.5) / (self.n_seeds + 1)
        needed = seeds_for_power(share, 1 - self.allowed)
        return None if needed is None else max(1, needed - self.n_seeds)


SILENCE = Finding(Verdict.SILENT)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Returns the verdict on a claim of several parts.

    It holds when all parts hold, which needs no correction for the number of parts, because it is
    an intersection-union test (Berger, "Multiparameter hypothesis testing and acceptance sampling",
    1982). It does not hold when one part does not. That is a union, and it does need a correction:
    the verdicts given here are those after ``corrected``.
    """
    for verdict in (Verdict.FAILS, Verdict.SILENT, Verdict.OPEN):
        if verdict in verdicts:
            return verdict
    return Verdict.HOLDS


def corrected(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Returns the findings of a whole table with ``corrected`` and ``allowed`` set by Holm."""
    p = holm([finding.p for finding in findings])
    undecided = sum(
        value > 1 - finding.level for value, finding in zip(p, findings, strict=True)
    )  # nan, without evidence, is not counted
    return tuple(
        replace(finding, corrected=float(value), allowed=(1 - finding.level) / max(1, undecided))
        for value, finding in zip(p, findings, strict=True)
    )


def judge_median(
    values: NDArray[np.float64],
    band: tuple[float, float],
    level: float = LEVEL,
    *,
    sources: tuple[str, ...] = (),
    candidates: tuple[Candidate, ...] = (),
    detail: str = "",
) -> Finding:
    """Judges whether a median over seeds lies in a band, by the sign test of each limit.

    The statement holds when the median is shown to be inside both limits, and does not hold when it
    is shown to be at or beyond one. A seed exactly at a limit speaks against the statement.

    Args:
        values: (n,), one for each seed; seeds without a value (nan) are left out.
        band: (low, high); either may be infinite.
    """
    known = values[~np.isnan(values)]
    n = len(known)
    if not n:
        return SILENCE
    limits = [(known > band[0], band[0]), (known < band[1], band[1])]
    inside = [int(within.sum()) for within, limit in limits if math.isfinite(limit)]
    holds, fails = min(inside), n - min(inside)  # seeds inside every limit; beyond the worse one
    towards = Verdict.HOLDS if holds > fails else Verdict.FAILS
    agreeing = max(holds, fails)
    p = min(1.0, 2 * chance_of_agreement(agreeing, n))
    return Finding(
        towards,
        float(np.median(known)),
        typical(known, level),
        n,
        agreeing,
        p,
        corrected=p,
        allowed=1 - level,
        level=level,
        sources=sources,
        candidates=candidates,
        detail=detail,
    )


def compare(
    first: Evidence, second: Evidence, metric: str, band: tuple[float, float], level: float = LEVEL
) -> Finding:
    """Judges whether the ratio of two candidates' paired losses, first / second, is in a band.

    Each side is represented by the best candidate of its evidence, chosen on validation.

    Args:
        metric: e.g. ``test_loss``.
        band: (low, high) of the ratio; either may be infinite. The statement holds for ratios
            between them.
    """
    if not first.candidates or not second.candidates:
        return SILENCE
    i, j = first.best(), second.best()
    seeds = sorted(set(first.measured[i]) & set(second.measured[j]))
    a = np.array([first.measured[i][seed].metrics.get(metric, math.nan) for seed in seeds])
    b = np.array([second.measured[j][seed].metrics.get(metric, math.nan) for seed in seeds])
    if not len(seeds) or np.isnan(a).any() or np.isnan(b).any():
        return SILENCE
    return judge_median(
        ratios(a, b),
        band,
        level,
        sources=(*dict.fromkeys((*first.sources, *second.sources)),),
        candidates=(first.candidates[i], second.candidates[j]),
        detail=f"{a.mean():.4g} against {b.mean():.4g}",
    )


def ratios(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns a / b seed by seed, (n,); 1 where both are 0, infinite where only b is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(a == b, 1.0, a / b)


def reach(
    evidence: Evidence, metric: str, target: float, tolerance: float, level: float = LEVEL
) -> Finding:
    """Judges whether the best candidate, chosen on validation, reaches a value.

    Args:
        metric: e.g. ``test_accuracy``.
        target, tolerance: the value and the accepted distance from it, in the metric's unit.
    """
    if not evidence.candidates:
        return SILENCE
    i = evidence.best()
    values = np.array(
        [outcome.metrics.get(metric, math.nan) for outcome in evidence.measured[i].values()]
    )
    if np.isnan(values).any():
        return SILENCE
    return judge_median(
        values,
        (target - tolerance, target + tolerance),
        level,
        sources=evidence.sources,
        candidates=(evidence.candidates[i],),
        detail=f"{values.mean():.4g} against {target:g}",
    )
