"""Hypervolume against trials: the curve grows at its end alone, and has two hundred points at most."""

from __future__ import annotations

from dataclasses import replace

from frontier_search.frontier import hypervolume
from frontier_search.trial import Trial, TrialState


def test_the_curve_waits_for_whole_cohorts(trials: list[Trial]) -> None:
    running = [
        replace(trial, state=TrialState.RUNNING) if trial.number == 5 else trial for trial in trials
    ]
    assert [trial.number for trial in hypervolume.settled(running)] == [0, 1, 2, 3]
    assert hypervolume.settled(trials) == trials


def test_the_curve_has_two_hundred_points_at_most() -> None:
    assert len(hypervolume.steps(5000, 5000, ended=True)) == 200
    assert hypervolume.steps(7, 500, ended=False) == [3, 6]
    assert hypervolume.steps(7, 500, ended=True) == [3, 6, 7]
    assert hypervolume.steps(0, 100, ended=True) == []
