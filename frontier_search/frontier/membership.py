"""The chance that a trial is on the frontier of fresh seeds, and its optimism.

The chance is a prediction: if the search were trained on as many fresh seeds, how likely is the
trial to be a member? Fresh means are drawn from their predictive distribution, in three steps.

1. The best of many candidates are partly lucky, so each measured mean is drawn towards the trend of
   all contenders' losses over their sizes, by the share of its distance that noise explains
   (Efron and Morris, "Data analysis using Stein's estimator and its generalizations", 1975).
2. Around it, means follow Student's t with n - 1 degrees of freedom. The covariance is that of the
   candidates over seeds, so draws stay paired. It counts 1 / n for the fresh means, and the part of
   1 / n that step 1 leaves for the measured ones (Geisser, Predictive Inference, 1993, chapter 9).
3. The chance is the share of draws in which no other candidate dominates.

Resampling the seeds leaves out step 1, the fresh noise and the tails: what it says with 0.95 comes
true in 0.5 to 0.9 of all cases (docs/statistics.md).

The optimism is how much larger its loss is on the test rows, which did not choose it, than on the
validation rows, which did.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.interval import LEVEL, Interval, student
from frontier_search.frontier.pareto import nondominated
from frontier_search.objective import Objective
from frontier_search.trial import Trial, TrialState

DRAWS = 2000
NEVER = 0.0002  # smaller chances are shown as 0


@dataclass(frozen=True)
class Member:
    """A member of the frontier with its uncertainty.

    Attributes:
        probability: the predicted chance that it is a member on as many fresh seeds.
        val, test: intervals of its mean losses over seeds.
        optimism: test loss minus validation loss, mean over seeds.
        optimism_interval: the interval of that mean.
    """

    trial: Trial
    probability: float
    val: Interval
    test: Interval
    optimism: float
    optimism_interval: Interval

    def to_json(self) -> dict[str, Any]:
        """Returns ``Trial.to_json`` with a key ``uncertainty``; intervals have low and high."""
        intervals = {
            "val_loss": self.val,
            "test_loss": self.test,
            "optimism": self.optimism_interval,
        }
        bounds = {
            name: {"low": interval.low, "high": interval.high}
            for name, interval in intervals.items()
        }
        uncertainty = {"probability": self.probability, **bounds, "level": self.val.level}
        uncertainty["optimism"] = {"mean": self.optimism, **bounds["optimism"]}
        return self.trial.to_json() | {"uncertainty": uncertainty}


def members(
    trials: Sequence[Trial], objectives: Sequence[Objective], level: float = LEVEL
) -> tuple[Member, ...]:
    """Returns the members in the order of the frontier, each with its uncertainty.

    Args:
        trials: of one search, so that all were trained on the same seeds.
    """
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    if not complete:
        return ()
    chance = dict(
        zip(
            (trial.number for trial in complete),
            chances(minimised(complete, objectives)),
            strict=True,
        )
    )
    found = []
    for trial in Frontier.of(complete, objectives).members:
        val, test = np.array(trial.per_seed("val_loss")), np.array(trial.per_seed("test_loss"))
        optimism = test - val
        found.append(
            Member(
                trial,
                chance[trial.number],
                student(val, level),
                student(test, level),
                float(optimism.mean()),
                student(optimism, level),
            )
        )
    return tuple(found)


def chances(per_seed: NDArray[np.float64], fresh: int | None = None) -> NDArray[np.float64]:
    """Returns how likely each point is to be non-dominated on the means of fresh seeds.

    Every point gets the same draws. With one seed, whose spread is not known, the chance is 1 or 0.

    Args:
        per_seed: (n, S, k) minimised objectives.
        fresh: number of fresh seeds; None for S.

    Returns:
        (n,) between 0 and 1.
    """
    chance = np.zeros(len(per_seed))
    fresh = fresh or per_seed.shape[1]
    contenders = ~_hopeless(per_seed, fresh)
    chance[contenders] = _share_of_draws(per_seed[contenders], fresh)
    return chance


def _share_of_draws(per_seed: NDArray[np.float64], fresh: int) -> NDArray[np.float64]:
    """Returns in which share of the predictive draws each point is non-dominated, (n,)."""
    means = per_seed.mean(axis=1)
    deviations = per_seed - means[:, None]
    n_seeds = per_seed.shape[1]
    varies = np.ptp(per_seed, axis=1).any(axis=0)  # (k,)
    if len(varies) == 2 and varies.sum() == 1:
        i = int(np.argmax(varies))
        sizes = means[:, 1 - i]
        draws = fresh_means(per_seed[:, :, i], sizes, fresh)
        return np.asarray(_below_all_smaller(draws, sizes).mean(axis=0))
    weights = predictive(n_seeds, fresh)
    drawn = [nondominated(means + np.einsum("s,nsk->nk", row, deviations)) for row in weights]
    return np.asarray(np.mean(drawn, axis=0))


def fresh_means(
    losses: NDArray[np.float64], sizes: NDArray[np.float64], fresh: int
) -> NDArray[np.float64]:
    """Draws mean losses of fresh seeds from their predictive distribution (steps 1 and 2).

    Args:
        losses: (n, S), of candidates that share their seeds.
        sizes: (n,).
        fresh: number of fresh seeds.

    Returns:
        (DRAWS, n); one draw, the means, with a single seed.
    """
    n_seeds = losses.shape[1]
    centres, kept = shrunk(losses, sizes)
    narrower = math.sqrt((kept / n_seeds + 1 / fresh) / (1 / n_seeds + 1 / fresh))
    deviations = losses - losses.mean(axis=1)[:, None]
    return np.asarray(centres + narrower * predictive(n_seeds, fresh) @ deviations.T)


def shrunk(
    losses: NDArray[np.float64], sizes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Draws mean losses towards their trend over the sizes, as far as noise explains the distance.

    The trend is a parabola over the logarithm of the size. The noise is that of the paired
    differences, pooled over all candidates.

    Args:
        losses: (n, S).
        sizes: (n,).

    Returns:
        the means, (n,), and the part of each distance from the trend that is kept, 0 to 1. With
        fewer than three candidates more than the trend has coefficients, everything is kept.
    """
    means = losses.mean(axis=1)
    n, n_seeds = losses.shape
    degree = min(2, len(np.unique(sizes)) - 1)
    free = n - degree - 1
    if free < 3 or n_seeds < 2:
        return means, 1.0
    paired = losses - means[:, None] - (losses.mean(axis=0) - means.mean())
    noise = float((paired**2).sum()) / ((n - 1) * (n_seeds - 1) * n_seeds)  # of a mean
    x = np.log(sizes) if sizes.min() > 0 else sizes
    trend = np.polynomial.Polynomial.fit(x, means, degree)(x) if degree else np.mean(means)
    distance = float(((means - trend) ** 2).sum()) / free
    kept = max(0.0, 1 - noise / distance) if distance > 0 else 1.0
    return np.asarray(trend + kept * (means - trend)), kept


def _below_all_smaller(
    losses: NDArray[np.float64], sizes: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Returns ``nondominated`` for many draws of one objective at once, (B, n).

    A point is a member if its loss is below that of every smaller point, and not above that of any
    point of its own size.

    Args:
        losses: (B, n) draws of the objective that varies.
        sizes: (n,) the objective that does not.
    """
    values, group = np.unique(sizes, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(values)))
    lowest = np.minimum.reduceat(losses[:, order], starts, axis=1)  # (B, sizes)
    smaller = np.minimum.accumulate(lowest, axis=1)[:, :-1]
    smaller = np.hstack([np.full((len(losses), 1), np.inf), smaller])
    return np.asarray((losses < smaller[:, group]) & (losses <= lowest[:, group]))


def predictive(n_seeds: int, fresh: int, count: int = DRAWS, seed: int = 0) -> NDArray[np.float64]:
    """Returns weights (count, n_seeds) that turn deviations over seeds into draws of fresh means.

    With deviations d of n_seeds values from their mean, ``weights @ d`` is distributed as Student's
    t with n_seeds - 1 degrees of freedom, times sqrt(1 / n_seeds + 1 / fresh) and the sample
    standard deviation. Weights are 0 for a single seed.
    """
    if n_seeds < 2:
        return np.zeros((1, n_seeds))
    rng = np.random.default_rng([seed, n_seeds])
    normal = rng.standard_normal((count, n_seeds))
    scale = np.sqrt((1 / n_seeds + 1 / fresh) / rng.chisquare(n_seeds - 1, size=(count, 1)))
    return np.asarray(scale * normal, dtype=np.float64)


def _hopeless(per_seed: NDArray[np.float64], fresh: int) -> NDArray[np.bool_]:
    """Returns which points are members with a chance below ``NEVER``, (n,).

    Each has a rival on the frontier of the means that beats it in every objective that varies over
    seeds so clearly that even this rival by itself leaves it no larger chance, and that is no worse
    in every objective that does not vary, and better in one of all.
    """
    n_seeds = per_seed.shape[1]
    if n_seeds < 2:
        return np.zeros(len(per_seed), dtype=np.bool_)
    rivals = per_seed[nondominated(per_seed.mean(axis=1))]
    hopeless = np.zeros(len(per_seed), dtype=np.bool_)
    for rival in rivals:
        gain = per_seed - rival  # (n, S, k); positive where the rival is better
        spread = gain.std(axis=1, ddof=1) * math.sqrt(1 / n_seeds + 1 / fresh)
        mean = gain.mean(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            sure = np.where(spread > 0, mean / spread > _quantile(n_seeds), mean >= 0)
        hopeless |= sure.all(axis=1) & (mean > 0).any(axis=1)
    return hopeless


def _quantile(n_seeds: int) -> float:
    """Returns how many of its standard errors a difference must be from 0 to be sure."""
    return float(stdtrit(n_seeds - 1, 1 - NEVER))


def minimised(trials: Sequence[Trial], objectives: Sequence[Objective]) -> NDArray[np.float64]:
    """Returns the objectives of complete trials seed by seed, (n, S, k), minimised."""
    columns = [
        [[objective.to_minimised(value) for value in objective.per_seed(trial)] for trial in trials]
        for objective in objectives
    ]
    return np.moveaxis(np.array(columns, dtype=np.float64), 0, -1)
