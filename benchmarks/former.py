"""Methods that ``coverage.py`` measures beside those in use: earlier ones, and ones not chosen."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Values = NDArray[np.float64]
RESAMPLES = 2000
ENOUGH_SEEDS = 10_000


def student(values: Values, level: float = 0.95) -> tuple[Values, Values]:
    """Returns Student's intervals of the mean of many samples, (D, n)."""
    n = values.shape[1]
    half = stdtrit(n - 1, (1 + level) / 2) * values.std(axis=1, ddof=1) / math.sqrt(n)
    return values.mean(axis=1) - half, values.mean(axis=1) + half


def signed_rank(values: Values, level: float = 0.95) -> tuple[Values, Values]:
    """Returns the intervals that invert Wilcoxon's signed-rank test: exact if values are symmetric.

    Source: Hodges and Lehmann, "Estimates of location based on rank tests" (1963).
    """
    n = values.shape[1]
    rank = _critical_rank(n, level)
    if rank < 0:
        nothing = np.full(len(values), np.nan)
        return nothing, nothing
    i, j = np.triu_indices(n)
    averages = np.sort((values[:, i] + values[:, j]) / 2, axis=1)
    return averages[:, rank], averages[:, -1 - rank]


@lru_cache
def _critical_rank(n: int, level: float) -> int:
    """Returns the largest rank sum whose lower tail is rare enough; -1 if there is none."""
    ways = np.ones(1)
    for rank in range(1, n + 1):
        ways = np.append(ways, np.zeros(rank)) + np.append(np.zeros(rank), ways)
    tail = np.cumsum(ways) / 2**n
    return int((tail <= (1 - level) / 2).sum()) - 1


def bootstrap_winner(values: Values, level: float = 0.95) -> NDArray[np.bool_]:
    """Returns whether the percentile bootstrap calls one of two rivals the only owner, (D,).

    The frontier of the means belongs to the first where its mean difference is below 0.
    """
    n = values.shape[1]
    rng = np.random.default_rng([0, n])
    weights = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES) / n
    return _one_sided(values @ weights.T, level)


def predictive_winner(values: Values, level: float = 0.95) -> NDArray[np.bool_]:
    """Returns the same for draws of the mean from Student's t, the studentised bootstrap."""
    n = values.shape[1]
    share = stdtr(n - 1, -values.mean(axis=1) / (values.std(axis=1, ddof=1) / math.sqrt(n)))
    return np.asarray((share < (1 - level) / 2) | (share > (1 + level) / 2))


def _one_sided(means: Values, level: float) -> NDArray[np.bool_]:
    share = (means < 0).mean(axis=1)
    return np.asarray((share < (1 - level) / 2) | (share > (1 + level) / 2))


def seeds_to_exclude(difference: float, deviation: float, level: float = 0.95) -> int | None:
    """Returns how many seeds would exclude 0 if the mean and the deviation stay as they are."""
    tried = np.arange(2, ENOUGH_SEEDS + 1)
    sure = stdtr(tried - 1, abs(difference) / deviation * np.sqrt(tried)) > (1 + level) / 2
    return int(tried[np.argmax(sure)]) if sure.any() else None
