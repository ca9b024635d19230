"""Verdicts: whether a statement about candidates or families holds, does not hold, or cannot be told with the seeds there are."""

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
    HOLDS = "holds"
    FAILS = "does not hold"
    OPEN = "cannot be told with these seeds"
    SILENT = "no evidence"  # nothing that was searched speaks of it


UNKNOWN = Interval(math.nan, math.nan)


@dataclass(frozen=True)
class Finding:
    """What the evidence says about one statement.

    Attributes:
        verdict: whether it holds.
        estimate: the paired difference (first minus second), or the share, or the level that was reached.
        interval: of the estimate.
        n_seeds: that it rests on.
        more_seeds: how many more would settle it, if the estimate stays: 0 when it is settled, None when no affordable number would.
        sources: the searches.
        candidates: that decide it, for more seeds.
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
    """The verdict on a claim of several parts: it holds when all do, and does not when one does not.

    Each part is tested at the full level, which needs no correction for their number (Berger, "Multiparameter hypothesis testing and
    acceptance sampling", 1982: an intersection-union test).
    """
    for verdict in (Verdict.FAILS, Verdict.SILENT, Verdict.OPEN):
        if verdict in verdicts:
            return verdict
    return Verdict.HOLDS


def compare(
    first: Evidence, second: Evidence, metric: str, band: tuple[float, float], level: float = LEVEL
) -> Finding:
    """Whether the paired difference of two candidates, first minus second, lies within a band.

    Each side is the best candidate of its evidence, chosen on validation; the metric is one of the test rows, unless asked otherwise.

    Args:
        band: (low, high) of the difference for which the statement holds, as a share of the second's mean; either may be infinite.
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
    """Whether the best candidate, chosen on validation, reaches a value within a tolerance, both in the metric's unit."""
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


Judged = tuple[Verdict, float, Interval, int, int | None]


def _within(values: NDArray[np.float64], low: float, high: float, level: float) -> Judged:
    """Whether the mean of values, one a seed, lies in [low, high]: yes when its interval does, no when that lies outside."""
    interval, n = student(values, level), len(values)
    estimate = float(values.mean())
    limits = tuple(limit for limit in (low, high) if math.isfinite(limit))
    if interval.known and interval.low > low and interval.high < high:
        verdict = Verdict.HOLDS
    elif interval.known and (interval.high < low or interval.low > high):
        verdict = Verdict.FAILS
    else:
        deviation = float(values.std(ddof=1)) if n > 1 else math.nan
        needed = [seeds_to_exclude(estimate, deviation, limit, level) for limit in limits]
        most = (
            None
            if None in needed
            else max((each for each in needed if each is not None), default=None)
        )
        return (
            Verdict.OPEN,
            estimate,
            interval,
            n,
            None if most is None else max(1, most - n),
        )
    return verdict, estimate, interval, n, 0


def exceed(
    shares: NDArray[np.float64],
    limit: float,
    n_seeds: int,
    sources: tuple[str, ...],
    candidates: tuple[Candidate, ...],
    detail: str,
    level: float = LEVEL,
) -> Finding:
    """Whether a share, or a difference of shares, is above a limit.

    Args:
        shares: (1 + B,): on the seeds as they are, then on resamples of them.
    """
    estimate, interval = float(shares[0]), percentile(shares[1:], level)
    if math.isnan(estimate) or not interval.known:
        return SILENCE
    verdict = (
        Verdict.HOLDS
        if interval.low > limit
        else Verdict.FAILS
        if interval.high <= limit
        else Verdict.OPEN
    )
    more: int | None = 0
    if (
        verdict is Verdict.OPEN
    ):  # the spread of a resampled share falls with the square root of the number of seeds
        gap = abs(estimate - limit)
        needed = math.ceil(n_seeds * (interval.half_width / gap) ** 2) if gap > 0 else None
        more = max(1, needed - n_seeds) if needed is not None and needed < ENOUGH_SEEDS else None
    return Finding(verdict, estimate, interval, n_seeds, more, sources, candidates, detail)
