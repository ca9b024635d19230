"""The frontier: the complete trials that no other complete trial dominates. It equals the study's ``best_trials``.

Members are chosen on validation means over seeds and reported with their spread, on validation and on test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from frontier_search.objective import Objective
from frontier_search.pareto import hypervolume, nondominated
from frontier_search.trial import Trial, TrialState, flatten

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Spread:
    """A metric over the seeds of one trial.

    Attributes:
        mean: over seeds.
        std: sample standard deviation (n - 1), nan for one seed.
        n: seeds.
    """

    mean: float
    std: float
    n: int

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        n = len(values)
        return Spread(float(np.mean(values)), float(np.std(values, ddof=1)) if n > 1 else math.nan, n)


@dataclass(frozen=True)
class Frontier:
    """The members, by rising second objective (params), then by the first.

    Attributes:
        objectives: the search's, in order.
        members: the non-dominated complete trials.
    """

    objectives: tuple[Objective, ...]
    members: tuple[Trial, ...]

    @staticmethod
    def of(trials: Iterable[Trial], objectives: Sequence[Objective]) -> Frontier:
        complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
        if not complete:
            return Frontier(tuple(objectives), ())
        mask = nondominated(losses(complete, objectives))
        members = [trial for trial, member in zip(complete, mask, strict=True) if member]
        return Frontier(tuple(objectives), tuple(sorted(members, key=lambda trial: (trial.size["effective"], trial.number))))

    def numbers(self) -> set[int]:
        return {trial.number for trial in self.members}

    def to_frame(self) -> pd.DataFrame:
        """One row a member, nested keys flattened with dots, as in the CSV form."""
        import pandas as pd  # half a second, for this method alone

        return pd.DataFrame([flatten(member.to_json()) for member in self.members])


def losses(trials: Sequence[Trial], objectives: Sequence[Objective]) -> NDArray[np.float64]:
    """(n_trials, n_objectives), minimised."""
    rows = [[objective.to_minimised(trial.objectives[objective.name]) for objective in objectives] for trial in trials]
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), len(objectives))


class HypervolumeMeter:
    """Hypervolume against trials, with a reference point that never moves.

    The reference is the worst value of each objective among the complete trials of the first cohort that has any, so that every reader of
    the same trials computes the same curve. Objectives drawn on a logarithmic axis (counts) enter as log10.
    """

    def __init__(self, trials: Sequence[Trial], objectives: Sequence[Objective]) -> None:
        self.objectives = tuple(objectives)
        complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
        first = min((trial.cohort for trial in complete), default=None)
        points = self._points([trial for trial in complete if trial.cohort == first])
        self.reference = points.max(axis=0) if len(points) else None

    def of(self, trials: Iterable[Trial]) -> float:
        """The hypervolume of the complete ones among some trials; 0 before there is a reference."""
        if self.reference is None:
            return 0.0
        return hypervolume(self._points([trial for trial in trials if trial.state is TrialState.COMPLETE]), self.reference)

    def _points(self, trials: Sequence[Trial]) -> NDArray[np.float64]:
        points = losses(trials, self.objectives)
        for column, objective in enumerate(self.objectives):
            if objective.log:
                points[:, column] = np.log10(np.maximum(points[:, column], 1e-9))
        return points
