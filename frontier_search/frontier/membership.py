"""The chance that a trial belongs on the frontier, and its optimism.

The optimism is how much larger its loss is on the test rows, which did not choose it, than on the
validation rows, which did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.interval import LEVEL, Interval, resamples, student
from frontier_search.frontier.pareto import nondominated
from frontier_search.objective import Objective
from frontier_search.trial import Trial, TrialState


@dataclass(frozen=True)
class Member:
    """A member of the frontier with its uncertainty.

    Attributes:
        probability: the share of resamples of the seeds in which it is a member (paired bootstrap).
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


def chances(per_seed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns how often each point is non-dominated when seeds are drawn with replacement.

    Every point gets the same draws. The bootstrap of few seeds understates their spread by
    sqrt((n - 1) / n), so with five seeds the chances are somewhat too close to 0 and 1.

    Args:
        per_seed: (n, S, k) minimised objectives.

    Returns:
        (n,) between 0 and 1.
    """
    chance = np.zeros(len(per_seed))
    contenders = ~_beaten_on_every_seed(per_seed)
    means = np.einsum("bs,nsk->bnk", resamples(per_seed.shape[1]), per_seed[contenders])
    chance[contenders] = np.mean([nondominated(points) for points in means], axis=0)
    return chance


def _beaten_on_every_seed(per_seed: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Returns which points are on the frontier of no resample, (n,).

    Such a point has a rival on the frontier of the means that is no worse on any seed and, in one
    objective, better on every seed.
    """
    on_frontier = per_seed[nondominated(per_seed.mean(axis=1))]
    no_worse = np.all(on_frontier[:, None] <= per_seed, axis=(2, 3))  # (members, n)
    better = np.any(np.all(on_frontier[:, None] < per_seed, axis=2), axis=2)
    return np.asarray(np.any(no_worse & better, axis=0))


def minimised(trials: Sequence[Trial], objectives: Sequence[Objective]) -> NDArray[np.float64]:
    """Returns the objectives of complete trials seed by seed, (n, S, k), minimised."""
    columns = [
        [[objective.to_minimised(value) for value in objective.per_seed(trial)] for trial in trials]
        for objective in objectives
    ]
    return np.moveaxis(np.array(columns, dtype=np.float64), 0, -1)
