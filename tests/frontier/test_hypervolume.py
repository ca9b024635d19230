"""The hypervolume's curve grows only at its end, and has two hundred points at most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frontier_search.frontier.hypervolume import Hypervolume, curve_counts, in_finished_cohorts
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial, TrialState


def test_the_curve_waits_for_whole_cohorts(trials: list[Trial]) -> None:
    running = [
        replace(trial, state=TrialState.RUNNING) if trial.number == 5 else trial for trial in trials
    ]
    assert [trial.number for trial in in_finished_cohorts(running)] == [0, 1, 2, 3]
    assert in_finished_cohorts(trials) == trials


def test_gains_add_up_to_the_hypervolume(entry: Entry, trials: list[Trial]) -> None:
    volume = Hypervolume(trials, entry.search.objective_table())
    ends = list({trial.cohort: n for n, trial in enumerate(trials, start=1)}.values())
    gains = volume.gains(ends)
    assert list(gains) == ends
    before = 0.0
    for end in ends:
        assert volume.of(trials[:end]) * (1 - gains[end]) == pytest.approx(before)
        before = volume.of(trials[:end])
    assert volume.gains([0]) == {}


def test_the_curve_has_two_hundred_points_at_most() -> None:
    assert len(curve_counts(5000, 5000, ended=True)) == 200
    assert curve_counts(7, 500, ended=False) == [3, 6]
    assert curve_counts(7, 500, ended=True) == [3, 6, 7]
    assert curve_counts(0, 100, ended=True) == []
