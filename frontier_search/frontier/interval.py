"""Intervals for means over seeds, and for what is resampled from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

LEVEL = 0.95
RESAMPLES = 2000
ENOUGH_SEEDS = 10_000  # no estimate goes beyond


@dataclass(frozen=True)
class Interval:
    """[low, high] at a confidence level; nan where there are too few seeds to say anything."""

    low: float
    high: float
    level: float = LEVEL

    def __contains__(self, value: float) -> bool:
        """Whether a value cannot be excluded: an interval that is not known excludes none."""
        return not (value < self.low or value > self.high)

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    @property
    def known(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)


def student(values: ArrayLike, level: float = LEVEL) -> Interval:
    """The interval of a mean, mean +- t s / sqrt(n), for values that are drawn independently.

    Source: Student, "The Probable Error of a Mean" (1908). With five seeds the bootstrap's percentile interval is too short by about a
    fifth, because it leaves out the factor sqrt(n / (n - 1)) and the heavier tails; so means have this one.

    Args:
        values: (n,), one a seed.
    """
    sample = np.asarray(values, dtype=np.float64)
    n = len(sample)
    if n < 2:
        return Interval(math.nan, math.nan, level)
    half = float(stdtrit(n - 1, (1 + level) / 2)) * float(sample.std(ddof=1)) / math.sqrt(n)
    mean = float(sample.mean())
    return Interval(mean - half, mean + half, level)


def percentile(samples: ArrayLike, level: float = LEVEL) -> Interval:
    """The middle of resampled values, those that are not nan.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.

    Args:
        samples: (n_resamples,).
    """
    known = np.asarray(samples, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        return Interval(math.nan, math.nan, level)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)


def resamples(n_seeds: int, count: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """Bootstrap weights of the seeds, (count, n_seeds), each row summing to 1; the same for every candidate, so that pairs stay paired."""
    rng = np.random.default_rng([seed, n_seeds])
    return np.asarray(
        rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=count) / n_seeds,
        dtype=np.float64,
    )


def seeds_to_exclude(
    difference: float, deviation: float, limit: float, level: float = LEVEL
) -> int | None:
    """How many seeds an interval around ``difference`` needs in order to lie on one side of ``limit``, if the difference stays as it is.

    Args:
        deviation: sample standard deviation of the paired differences.

    Returns:
        at least 2, or None when ``ENOUGH_SEEDS`` would not do.
    """
    gap = abs(difference - limit)
    if not (math.isfinite(gap) and math.isfinite(deviation)):
        return None
    low, high = 2, ENOUGH_SEEDS
    if not _excludes(high, gap, deviation, level):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if _excludes(middle, gap, deviation, level) else (middle + 1, high)
        )
    return low


def _excludes(n: int, gap: float, deviation: float, level: float) -> bool:
    if deviation == 0:
        return gap > 0
    return float(stdtr(n - 1, gap / deviation * math.sqrt(n))) > (1 + level) / 2
