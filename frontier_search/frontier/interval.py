"""Confidence intervals over seeds, and Student's interval of a mean.

Verdicts do not use Student's interval (see ``signs``). It describes the spread of losses in tables.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """[low, high] at a confidence level; both are nan where there are too few seeds."""

    low: float
    high: float
    level: float = LEVEL

    def __contains__(self, value: float) -> bool:
        """Whether a value is not excluded. An interval that is not known excludes none."""
        return not (value < self.low or value > self.high)

    @property
    def known(self) -> bool:
        """Whether there were enough seeds for an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def predicted_mean(values: ArrayLike, n_fresh: int, level: float = LEVEL) -> Interval:
    """Returns where the mean of some fresh values is expected, mean +- t s sqrt(1 / n + 1 / n').

    Source: Hahn and Meeker, "Statistical Intervals" (1991), chapter 4. The values are taken as
    normal.

    Args:
        values: (n,), one for each seed.
        n_fresh: the fresh values in the mean, n'.
    """
    known = student(values, level)
    if not known.known:
        return known
    middle, stretch = (known.low + known.high) / 2, math.sqrt(1 + np.size(values) / n_fresh)
    half = (known.high - known.low) / 2 * stretch
    return Interval(middle - half, middle + half, level)


def student(values: ArrayLike, level: float = LEVEL) -> Interval:
    """Returns the interval of a mean of independent values, mean +- t s / sqrt(n).

    Source: Student, "The Probable Error of a Mean" (1908). Means have this interval and not the
    bootstrap's percentile interval. With five seeds that one is too short by about a fifth, because
    it leaves out the factor sqrt(n / (n - 1)) and the heavier tails. Where values are skewed, or a
    seed in twenty is bad, Student's interval is too short as well: docs/statistics.md has numbers.

    Args:
        values: (n,), one for each seed.
    """
    sample = np.asarray(values, dtype=np.float64)
    n = len(sample)
    if n < 2:
        return Interval(math.nan, math.nan, level)
    half = float(stdtrit(n - 1, (1 + level) / 2)) * float(sample.std(ddof=1)) / math.sqrt(n)
    mean = float(sample.mean())
    return Interval(mean - half, mean + half, level)
