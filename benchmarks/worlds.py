"""Made-up seeds for ``coverage.py``: values of four distributions, frontiers of two families."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

DISTRIBUTIONS = ("normal", "t3", "lognormal", "5 % bad seeds")
SEEDS = (5, 10, 20)
BAD, FAR = 0.05, 20.0  # chance of a bad seed, and its distance in standard deviations
# mean losses of a family's candidates by rising size; the fourth and the last are rarely members
LOSSES = np.array([0.6, 0.5, 0.4, 0.6, 0.38, 0.9])


def noise(
    rng: np.random.Generator, distribution: str, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Draws values, one for each seed; the normal part has a standard deviation of 1."""
    if distribution == "t3":
        return np.asarray(rng.standard_t(3, shape))
    normal = rng.standard_normal(shape)
    if distribution == "lognormal":
        return np.asarray(np.exp(normal))
    if distribution == "5 % bad seeds":
        return np.asarray(normal + FAR * (rng.random(shape) < BAD))
    return normal


@lru_cache
def centre(distribution: str, kind: str) -> float:
    """Returns the mean, the median or the pseudomedian of a distribution.

    The pseudomedian is the median of the mean of two independent values. It is simulated.
    """
    if kind == "pseudomedian":
        pairs = noise(np.random.default_rng(0), distribution, (2, 4_000_000))
        return float(np.median(pairs.mean(axis=0)))
    known = {
        "lognormal": {"mean": float(np.exp(0.5)), "median": 1.0},
        # bad seeds lie above all others, so the median is that quantile of the normal part
        "5 % bad seeds": {"mean": BAD * FAR, "median": float(ndtri(0.5 / (1 - BAD)))},
    }
    return known.get(distribution, {"mean": 0.0, "median": 0.0})[kind]


def frontier_shares(losses: NDArray[np.float64], members: bool = False) -> NDArray[Any]:
    """Returns the first of two families' share of the hypervolume, or who is a member.

    There are K sizes, equally far from each other, with one candidate of each family. A member is
    better than the other family's candidate of its size and than all smaller ones. The best
    constant has a loss of 1.

    Args:
        losses: (..., 2, K).

    Returns:
        (...) shares; 0.5 where nothing is owned. With ``members``, (..., 2, K).
    """
    best = np.minimum.accumulate(losses.min(axis=-2), axis=-1)  # (..., K) best of at most a size
    before = np.concatenate([np.full((*best.shape[:-1], 1), np.inf), best[..., :-1]], axis=-1)
    member = (losses == losses.min(axis=-2, keepdims=True)) & (losses < before[..., None, :])
    if members:
        return member
    # The last member at or below a size owns the column of that size.
    first, owner = np.zeros(best.shape[:-1]), np.zeros(best.shape[:-1])
    total = np.zeros(best.shape[:-1])
    for k in range(losses.shape[-1]):
        is_new = member[..., k].any(axis=-1)
        owner = np.where(is_new, member[..., 0, k], owner)
        area = np.clip(1 - best[..., k], 0, None)
        first, total = first + owner * area, total + area
    return np.asarray(np.where(total > 0, first / np.where(total > 0, total, 1), 0.5))
