"""The hypervolume of a frontier, and its curve against trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.frontier import Frontier, losses
from frontier_search.frontier.pareto import hypervolume
from frontier_search.objective import Objective
from frontier_search.trial import Trial, TrialState

POINTS = 200  # of the curve of a whole search, at most


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
        return hypervolume(
            self._points([trial for trial in trials if trial.state is TrialState.COMPLETE]),
            self.reference,
        )

    def _points(self, trials: Sequence[Trial]) -> NDArray[np.float64]:
        points = losses(trials, self.objectives)
        for column, objective in enumerate(self.objectives):
            if objective.log:
                points[:, column] = np.log10(np.maximum(points[:, column], 1e-9))
        return points


def settled(trials: Sequence[Trial]) -> list[Trial]:
    """The trials, by number, of the cohorts before the first that is not finished: nothing that comes later can change this list."""
    first_open = min((trial.cohort for trial in trials if not trial.state.finished), default=None)
    return [trial for trial in trials if first_open is None or trial.cohort < first_open]


def steps(n_settled: int, budget: int, ended: bool) -> list[int]:
    """The numbers of trials after which the hypervolume is shown: evenly spaced, and the last one once the search has ended.

    Args:
        n_settled: trials that count so far.
        budget: trials that the search asks for.
    """
    stride = -(-budget // POINTS)
    listed = list(range(stride, n_settled + 1, stride))
    return [*listed, n_settled] if ended and n_settled % stride else listed


def hypervolumes(
    trials: Sequence[Trial], objectives: Sequence[Objective], wanted: Sequence[int]
) -> dict[int, float]:
    """The hypervolume of the first k trials, for each wanted k, in one pass that keeps the frontier so far."""
    meter = HypervolumeMeter(trials, objectives)
    frontier: Sequence[Trial] = ()
    values, seen = {}, 0
    for k in sorted(wanted):
        frontier = Frontier.of([*frontier, *trials[seen:k]], objectives).members
        values[k], seen = meter.of(frontier), k
    return values
