"""What is true of the typical seed: the sign test of a median, and the interval that inverts it.

Every verdict speaks of a median over seeds, so of the typical seed: half of all seeds give more,
and half less. If the median is at or above a limit, then a seed is below the limit with
probability at most 1/2, and the number of n seeds below it is at most binomial (n, 1/2). This holds
for every distribution: skewed losses, heavy tails, rare bad seeds, ties. Student's interval of a
mean does not hold for those with few seeds (see docs/statistics.md).

The price is power. For normal differences it takes about three seeds where Student needs two, and
below six seeds nothing can be told at 95 %: even if all of n seeds agree, that has probability
2 / 2^n.

Source: Arbuthnot (1710) for the test; Thompson, "On confidence ranges for the median and other
expectation distributions for populations of unknown distribution form" (1936) for the interval.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtrc, betaincinv, ndtri

from frontier_search.frontier.interval import LEVEL, Interval

ENOUGH_SEEDS = 10_000  # a larger number of seeds is never suggested
POWER = 0.8  # chance that the suggested number of seeds settles a part


def chance_of_agreement(agreeing: int, n_seeds: int) -> float:
    """Returns how likely that many or more of n fair coins agree: a one-sided p-value."""
    return float(bdtrc(agreeing - 1, n_seeds, 0.5)) if agreeing > 0 else 1.0


def typical(values: ArrayLike, level: float = LEVEL) -> Interval:
    """Returns the interval of the median that lies between two of the sorted values.

    It covers the median with at least its level, whatever the distribution. It is not known where
    the seeds are too few, see ``fewest_seeds``.

    Args:
        values: (n,), one for each seed; infinite ones are allowed.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n, needed = len(ordered), critical_count(len(ordered), level)
    if needed > n:
        return Interval(math.nan, math.nan, level)
    return Interval(float(ordered[n - needed]), float(ordered[needed - 1]), level)


def share_that_agrees(agreeing: int, n_seeds: int, level: float = LEVEL) -> Interval:
    """Returns the interval of the share of all seeds that agree, from those that were trained.

    It excludes one half exactly where the sign test, at the same level, gives a verdict.

    Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case
    of the binomial" (1934).
    """
    tail, against = (1 - level) / 2, n_seeds - agreeing
    low = float(betaincinv(agreeing, against + 1, tail)) if agreeing else 0.0
    high = float(betaincinv(agreeing + 1, against, 1 - tail)) if against else 1.0
    return Interval(low, high, level)


def fewest_seeds(level: float = LEVEL) -> int:
    """Returns the smallest number of seeds that can tell anything: 6 at 95 %."""
    return 1 + math.ceil(-math.log2(1 - level) - 1e-12)


@lru_cache(maxsize=1024)
def critical_count(n_seeds: int, level: float = LEVEL) -> int:
    """Returns how many of n seeds must agree; more than n where even all of them are too few."""
    return int(_critical_counts(np.array([n_seeds]), level)[0])


@lru_cache(maxsize=1024)
def seeds_for_power(share: float, level: float = LEVEL, power: float = POWER) -> int | None:
    """Returns the number of seeds that settles a part with a given chance.

    Args:
        share: of all seeds that agree with the verdict, assumed to be known.

    Returns:
        The smallest number of seeds, or None when even ``ENOUGH_SEEDS`` would not be enough.
    """
    if not share > 0.5:
        return None
    spread = math.sqrt(share * (1 - share))  # a normal approximation says where to look
    about = (
        (float(ndtri((1 + level) / 2)) / 2 + float(ndtri(power)) * spread) / (share - 0.5)
    ) ** 2
    if about > ENOUGH_SEEDS:
        return None
    tried = np.arange(max(fewest_seeds(level), int(0.8 * about) - 8), int(1.2 * about) + 20)
    enough = bdtrc(_critical_counts(tried, level) - 1, tried, share) >= power
    return int(tried[np.argmax(enough)]) if enough.any() else None


def _critical_counts(n_seeds: NDArray[np.int64], level: float) -> NDArray[np.int64]:
    """Returns ``critical_count`` of each number of seeds, within 4 of its normal approximation."""
    about = n_seeds / 2 + float(ndtri((1 + level) / 2)) * np.sqrt(n_seeds) / 2
    counts = np.clip(about.astype(np.int64)[:, None] + np.arange(-4, 5), 1, n_seeds[:, None] + 1)
    tails = np.where(counts > n_seeds[:, None], 0.0, bdtrc(counts - 1, n_seeds[:, None], 0.5))
    first = np.argmax(2 * tails <= 1 - level, axis=1)
    return np.asarray(np.take_along_axis(counts, first[:, None], axis=1)[:, 0])
