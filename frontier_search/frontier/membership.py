"""How surely a trial belongs on the frontier, and how much worse it is on rows that did not choose it."""

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
        probability: how often it is a member when the seeds are drawn again (paired bootstrap).
        val, test: intervals of its mean losses over seeds.
        optimism: test loss minus the validation loss that chose it, mean over seeds.
        optimism_interval: of that mean.
    """

    trial: Trial
    probability: float
    val: Interval
    test: Interval
    optimism: float
    optimism_interval: Interval

    def to_json(self) -> dict[str, Any]:
        """``Trial.to_json`` and, under ``uncertainty``, the rest; intervals as low and high."""
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
    """The frontier's members, in its order, each with its uncertainty; all trials of a search share their seeds."""
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
        worse = test - val
        intervals = (
            student(val, level),
            student(test, level),
            float(worse.mean()),
            student(worse, level),
        )
        found.append(Member(trial, chance[trial.number], *intervals))
    return tuple(found)


def chances(per_seed: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often each point is non-dominated when seeds are drawn with replacement, the same ones for every point.

    The bootstrap of few seeds understates their spread (by sqrt((n - 1) / n)): with five seeds a chance is somewhat too sure of itself.

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
    """(n,): whether a member of the frontier is no worse on any seed, and in one objective better on all: no resample can make up for it."""
    on_frontier = per_seed[nondominated(per_seed.mean(axis=1))]
    no_worse = np.all(on_frontier[:, None] <= per_seed, axis=(2, 3))  # (members, n)
    better = np.any(np.all(on_frontier[:, None] < per_seed, axis=2), axis=2)
    return np.asarray(np.any(no_worse & better, axis=0))


def minimised(trials: Sequence[Trial], objectives: Sequence[Objective]) -> NDArray[np.float64]:
    """The objectives of complete trials seed by seed, (n, S, k), minimised; a count is the same for every seed."""
    columns = [
        [[objective.to_minimised(value) for value in objective.per_seed(trial)] for trial in trials]
        for objective in objectives
    ]
    return np.moveaxis(np.array(columns, dtype=np.float64), 0, -1)
