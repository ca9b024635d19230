"""The frontier: the complete trials that no other complete trial dominates.

It equals ``best_trials`` of the Optuna study. Members are chosen on validation means over seeds.
They are reported with their spread on validation and on test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.pareto import nondominated
from frontier_search.objective import Objective
from frontier_search.trial import Trial, TrialState, flatten

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Spread:
    """A metric over the seeds of one trial.

    Attributes:
        mean: over seeds.
        std: sample standard deviation (n - 1), nan for one seed.
        n: number of seeds.
    """

    mean: float
    std: float
    n: int

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """Returns the spread of some values. Without a value its mean is nan too."""
        n = len(values)
        mean = float(np.mean(values)) if n else math.nan
        return Spread(mean, float(np.std(values, ddof=1)) if n > 1 else math.nan, n)


@dataclass(frozen=True)
class Frontier:
    """The members of a search's frontier.

    Attributes:
        objectives: the search's, in order.
        members: the non-dominated complete trials, by rising params, then by number.
    """

    objectives: tuple[Objective, ...]
    members: tuple[Trial, ...]

    @staticmethod
    def of(trials: Iterable[Trial], objectives: Sequence[Objective]) -> Frontier:
        """Returns the frontier of some trials; those that are not complete are ignored."""
        complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
        if not complete:
            return Frontier(tuple(objectives), ())
        mask = nondominated(losses(complete, objectives))
        members = [trial for trial, member in zip(complete, mask, strict=True) if member]
        return Frontier(
            tuple(objectives),
            tuple(sorted(members, key=lambda trial: (trial.size["effective"], trial.number))),
        )

    def numbers(self) -> set[int]:
        """Returns the trial numbers of the members."""
        return {trial.number for trial in self.members}

    def to_frame(self) -> pd.DataFrame:
        """Returns one row for each member, with the columns of the CSV form."""
        import pandas as pd  # here, because it takes half a second and only this method needs it

        return pd.DataFrame([flatten(member.to_json()) for member in self.members])


def losses(trials: Sequence[Trial], objectives: Sequence[Objective]) -> NDArray[np.float64]:
    """Returns the objectives of complete trials, (n_trials, n_objectives), minimised.

    Those of the search are recorded; others follow from what the trial measured.
    """
    rows = [[each.to_minimised(_value(trial, each)) for each in objectives] for trial in trials]
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), len(objectives))


def _value(trial: Trial, objective: Objective) -> float:
    recorded = trial.objectives.get(objective.name)
    return objective.of(trial) if recorded is None else recorded
