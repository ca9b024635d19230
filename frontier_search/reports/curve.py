"""Hypervolume against trials, as a curve that only ever grows at its end: every reader of the same trials computes the same points."""

from __future__ import annotations

from collections.abc import Sequence

from frontier_search.frontier import Frontier, HypervolumeMeter
from frontier_search.objective import Objective
from frontier_search.trial import Trial

POINTS = 200  # of a whole search, at most


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


def hypervolumes(trials: Sequence[Trial], objectives: Sequence[Objective], wanted: Sequence[int]) -> dict[int, float]:
    """The hypervolume of the first k trials, for each wanted k, in one pass that keeps the frontier so far."""
    meter = HypervolumeMeter(trials, objectives)
    frontier: Sequence[Trial] = ()
    values, seen = {}, 0
    for k in sorted(wanted):
        frontier = Frontier.of([*frontier, *trials[seen:k]], objectives).members
        values[k], seen = meter.of(frontier), k
    return values
