"""The hypervolume of a search's frontier, after any number of its trials.

The reference point is the worst value of each objective among the complete trials of the first
cohort that has any. It never moves, so every reader of the same trials computes the same values.
Objectives that are drawn on a logarithmic axis (counts, times) enter as log10.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier import pareto
from frontier_search.frontier.frontier import Frontier, losses
from frontier_search.objective import Objective
from frontier_search.trial import Trial, TrialState

CURVE_POINTS = 200  # of a whole search, at most


class Hypervolume:
    """Measures the trials of one search against one reference point.

    Args:
        trials: of the search, by number.
        objectives: of the search.

    Attributes:
        reference: (n_objectives,), minimised; None before a trial is complete.
    """

    def __init__(self, trials: Sequence[Trial], objectives: Sequence[Objective]) -> None:
        self.trials, self.objectives = trials, tuple(objectives)
        complete = _complete(trials)
        first = min((trial.cohort for trial in complete), default=None)
        points = self._points([trial for trial in complete if trial.cohort == first])
        self.reference = points.max(axis=0) if len(points) else None

    def of(self, trials: Iterable[Trial]) -> float:
        """Returns the hypervolume of the complete ones among some trials, 0 without a reference."""
        if self.reference is None:
            return 0.0
        return pareto.hypervolume(self._points(_complete(trials)), self.reference)

    def curve(self, counts: Iterable[int]) -> dict[int, float]:
        """Returns the hypervolume of the first k trials for each k of ``counts``.

        It takes one pass, because only members of the frontier so far can add volume.
        """
        frontier: Sequence[Trial] = ()
        values, seen = {}, 0
        for k in sorted(counts):
            frontier = Frontier.of([*frontier, *self.trials[seen:k]], self.objectives).members
            values[k], seen = self.of(frontier), k
        return values

    def gains(self, counts: Iterable[int]) -> dict[int, float]:
        """Returns what the last cohort of the first k trials added, for each k of ``counts``.

        It is a share of their hypervolume, 0 where they have none.
        """
        first: dict[int, int] = {}  # cohort -> the number of trials before it
        for position, trial in enumerate(self.trials):
            first.setdefault(trial.cohort, position)
        starts = {k: first[self.trials[k - 1].cohort] for k in counts if k}
        found = self.curve({*starts, *starts.values()})
        return {
            k: 1 - found[start] / found[k] if found[k] > 0 else 0.0 for k, start in starts.items()
        }

    def _points(self, trials: Sequence[Trial]) -> NDArray[np.float64]:
        points = losses(trials, self.objectives)
        for column, objective in enumerate(self.objectives):
            if objective.log:
                points[:, column] = np.log10(np.maximum(points[:, column], 1e-9))
        return points


def _complete(trials: Iterable[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.state is TrialState.COMPLETE]


def in_finished_cohorts(trials: Sequence[Trial]) -> list[Trial]:
    """Returns the trials, by number, of the cohorts before the first one that is not finished.

    Later outcomes only lengthen this list, so a curve over it never has to be drawn again.
    """
    unfinished = min((trial.cohort for trial in trials if not trial.state.finished), default=None)
    return [trial for trial in trials if unfinished is None or trial.cohort < unfinished]


def curve_counts(n_trials: int, budget: int, ended: bool) -> list[int]:
    """Returns the numbers of trials after which the curve has a point.

    They are evenly spaced. Once the search has ended, its last trial has a point too.

    Args:
        n_trials: trials in finished cohorts.
        budget: trials that the search asks for.
    """
    stride = -(-budget // CURVE_POINTS)
    counts = list(range(stride, n_trials + 1, stride))
    return [*counts, n_trials] if ended and n_trials % stride else counts
