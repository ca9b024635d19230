"""Tables: the JSON form is read back, the CSV has every key, the text shows mean and spread."""

from __future__ import annotations

import csv
import io
import json
import math
import statistics
from dataclasses import replace

import pytest

from frontier_search.frontier import Frontier
from frontier_search.library import Entry
from frontier_search.reports import tables
from frontier_search.trial import Outcome, Trial, TrialState


@pytest.fixture
def members(entry: Entry, trials: list[Trial]) -> Frontier:
    return Frontier.of(trials, entry.search.objective_table())


def test_json_is_each_trial(trials: list[Trial]) -> None:
    assert json.loads(tables.trials(trials, "json")) == [trial.to_json() for trial in trials]


def test_frontier_json_rises_in_params(members: Frontier) -> None:
    listed = json.loads(tables.frontier(members, "val", "json"))
    params = [trial["objectives"]["params"] for trial in listed]
    assert listed
    assert params == sorted(params)


def test_json_has_no_infinity(trials: list[Trial]) -> None:
    seed = replace(trials[0].seeds[0], metrics={"val_loss": math.inf, "test_loss": math.nan})
    broken = replace(trials[0], state=TrialState.FAIL, objectives={}, outcome=Outcome((seed,)), reason="diverged")
    read = json.loads(tables.as_json([broken]), parse_constant=lambda word: pytest.fail(word))
    assert read[0]["seeds"][0]["val_loss"] is None


def test_csv_has_every_key_of_every_trial(trials: list[Trial]) -> None:
    rows = list(csv.DictReader(io.StringIO(tables.trials(trials, "csv"))))
    assert len(rows) == len(trials)
    header = list(rows[0])
    assert header[:5] == ["trial", "uid", "state", "cohort", "family"]
    hyperparameters = [key for key in header if key.startswith("hyperparameters.")]
    assert hyperparameters == sorted(hyperparameters)
    assert {f"hyperparameters.{name}" for trial in trials for name in trial.candidate.hyperparameters} == set(hyperparameters)
    assert float(rows[3]["seeds.1.val_loss"]) == trials[3].seeds[1].metrics["val_loss"]


def test_csv_header_does_not_depend_on_the_order_of_trials(trials: list[Trial]) -> None:
    assert tables.as_csv(trials).splitlines()[0] == tables.as_csv(trials[::-1]).splitlines()[0]


@pytest.mark.parametrize("split", ["val", "test"])
def test_table_shows_mean_and_sample_deviation(members: Frontier, split: str) -> None:
    text = tables.frontier_table(members, split)
    trial = members.members[0]
    values = trial.per_seed("test_loss")
    assert f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}" in text
    assert f"{split} error" in text
    assert "chosen on validation" in text
    assert all(member.candidate.family in text for member in members.members)


def test_one_seed_has_no_spread(trials: list[Trial], entry: Entry) -> None:
    assert trials[0].outcome is not None
    single = replace(trials[0], outcome=Outcome(trials[0].outcome.seeds[:1]))
    text = tables.frontier_table(Frontier.of([single], entry.search.objective_table()), "val")
    assert "no spread" in text
    assert "nan" not in text


def test_an_empty_search_says_so(entry: Entry) -> None:
    assert "empty" in tables.frontier_table(Frontier.of([], entry.search.objective_table()), "val")
    assert tables.trials([], "table") == "no trial yet."
    assert tables.trials([], "json") == "[]"
    assert tables.trials([], "csv") == ""


def test_a_reason_with_brackets_is_not_markup(trials: list[Trial]) -> None:
    failed = replace(trials[0], state=TrialState.FAIL, objectives={}, reason="IndexError: [/bold] out of range")
    assert "[/bold]" in tables.trials_table([failed, *trials[1:3]])
