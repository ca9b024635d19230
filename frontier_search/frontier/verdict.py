"""Verdicts on statements about candidates or families.

A statement holds, does not hold, or is open: these seeds do not decide it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.interval import (
    ENOUGH_SEEDS,
    LEVEL,
    Interval,
    percentile,
    seeds_to_exclude,
    student,
)
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
        verdict: whether it holds.
        estimate: the paired difference (first minus second), the share, or the value reached.
        interval: of the estimate.
        n_seeds: number of seeds that were trained.
        more_seeds: how many more would settle it if the estimate stays as it is: 0 when it is
            settled, None when no affordable number would.
        sources: names of the searches.
        candidates: those that decide it, and get more seeds.
        detail: the means, in words.
    """

    verdict: Verdict
    estimate: float = math.nan
    interval: Interval = UNKNOWN
    n_seeds: int = 0
    more_seeds: int | None = None
    sources: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    detail: str = ""


SILENCE = Finding(Verdict.SILENT)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Returns the verdict on a claim of several parts.

    It holds when all parts hold, and does not hold when one part does not. Each part is tested at
    the full level. That needs no correction for the number of parts, because it is an
    intersection-union test (Berger, "Multiparameter hypothesis testing and acceptance sampling",
    1982).
    """
    for verdict in (Verdict.FAILS, Verdict.SILENT, Verdict.OPEN):
        if verdict in verdicts:
            return verdict
    return Verdict.HOLDS


def compare(
    first: Evidence, second: Evidence, metric: str, band: tuple[float, float], level: float = LEVEL
) -> Finding:
    """Judges whether the paired difference of two candidates, first minus second, is in a band.

    Each side is represented by the best candidate of its evidence, chosen on validation.

    Args:
        metric: e.g. ``test_loss``.
        band: (low, high) as shares of the second's mean; either may be infinite. The statement
            holds for differences between them.
    """
    if not first.candidates or not second.candidates:
        return SILENCE
    i, j = first.best(), second.best()
    seeds = sorted(set(first.measured[i]) & set(second.measured[j]))
    a = np.array([first.measured[i][seed].metrics.get(metric, math.nan) for seed in seeds])
    b = np.array([second.measured[j][seed].metrics.get(metric, math.nan) for seed in seeds])
    if not len(seeds) or np.isnan(a).any() or np.isnan(b).any():
        return SILENCE
    scale = float(np.abs(b.mean()))
    low, high = (limit * scale if math.isfinite(limit) else limit for limit in band)
    detail = f"{a.mean():.4g} against {b.mean():.4g}"
    finding = _within(a - b, low, high, level)
    return Finding(
        *finding,
        (*dict.fromkeys((*first.sources, *second.sources)),),
        (first.candidates[i], second.candidates[j]),
        detail,
    )


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
    finding = _within(values, target - tolerance, target + tolerance, level)
    return Finding(
        *finding,
        evidence.sources,
        (evidence.candidates[i],),
        f"{values.mean():.4g} against {target:g}",
    )


Judged = tuple[Verdict, float, Interval, int, int | None]  # the first fields of a Finding


def _within(values: NDArray[np.float64], low: float, high: float, level: float) -> Judged:
    """Judges whether a mean lies in [low, high].

    It does when its interval lies inside, and does not when its interval lies outside.

    Args:
        values: (n,), one for each seed.
    """
    interval, n = student(values, level), len(values)
    estimate = float(values.mean())
    if interval.known and interval.low > low and interval.high < high:
        return Verdict.HOLDS, estimate, interval, n, 0
    if interval.known and (interval.high < low or interval.low > high):
        return Verdict.FAILS, estimate, interval, n, 0
    deviation = float(values.std(ddof=1)) if n > 1 else math.nan
    limits = [limit for limit in (low, high) if math.isfinite(limit)]
    needed = [seeds_to_exclude(estimate, deviation, limit, level) for limit in limits]
    affordable = [seeds for seeds in needed if seeds is not None]
    more = max(1, max(affordable) - n) if affordable and len(affordable) == len(needed) else None
    return Verdict.OPEN, estimate, interval, n, more


def exceed(
    shares: NDArray[np.float64],
    limit: float,
    n_seeds: int,
    sources: tuple[str, ...],
    candidates: tuple[Candidate, ...],
    detail: str,
    level: float = LEVEL,
) -> Finding:
    """Judges whether a share, or a difference of shares, is above a limit.

    Args:
        shares: (1 + B,), first on the seeds as they are, then on B resamples of them.
    """
    estimate, interval = float(shares[0]), percentile(shares[1:], level)
    if math.isnan(estimate) or not interval.known:
        return SILENCE
    more: int | None = 0
    if interval.low > limit:
        verdict = Verdict.HOLDS
    elif interval.high <= limit:
        verdict = Verdict.FAILS
    else:
        verdict = Verdict.OPEN
        # The width of the interval falls with the square root of the number of seeds.
        gap = abs(estimate - limit)
        needed = math.ceil(n_seeds * (interval.half_width / gap) ** 2) if gap > 0 else None
        more = max(1, needed - n_seeds) if needed is not None and needed < ENOUGH_SEEDS else None
    return Finding(verdict, estimate, interval, n_seeds, more, sources, candidates, detail)
