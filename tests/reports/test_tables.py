"""Tables: JSON can be read back, CSV has every key, text shows means and deviations."""

from __future__ import annotations

import csv
import io
import json
import math
import statistics
from dataclasses import replace

import pytest

from frontier_search.frontier.baselines import Baseline, SeedMetrics
from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.interval import student
from frontier_search.frontier.membership import Member, members
from frontier_search.objective import Objective
from frontier_search.reports import rows, tables, words
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Outcome, Trial, TrialState


@pytest.fixture
def objectives(entry: Entry) -> tuple[Objective, ...]:
    return entry.search.objective_table()


@pytest.fixture
def found(trials: list[Trial], objectives: tuple[Objective, ...]) -> tuple[Member, ...]:
    return members(trials, objectives)


def test_json_holds_every_trial(trials: list[Trial]) -> None:
    assert json.loads(tables.trials(trials, "json")) == [trial.to_json() for trial in trials]


def test_frontier_json_rises_in_params(
    found: tuple[Member, ...], objectives: tuple[Objective, ...]
) -> None:
    listed = json.loads(tables.frontier(found, objectives, "val", "json"))
    params = [trial["objectives"]["params"] for trial in listed]
    assert listed
    assert params == sorted(params)


def test_frontier_json_says_how_sure_it_is(
    found: tuple[Member, ...], objectives: tuple[Objective, ...]
) -> None:
    for trial, member in zip(
        json.loads(tables.frontier(found, objectives, "val", "json")), found, strict=True
    ):
        uncertainty = trial.pop("uncertainty")
        assert trial == member.trial.to_json()
        assert 0 < uncertainty["probability"] <= 1
        test = [seed["test_loss"] for seed in trial["seeds"]]
        assert (uncertainty["test_loss"]["low"], uncertainty["test_loss"]["high"]) == (
            student(test).low,
            student(test).high,
        )
        worse = statistics.mean(seed["test_loss"] - seed["val_loss"] for seed in trial["seeds"])
        assert uncertainty["optimism"]["mean"] == pytest.approx(worse)
        assert uncertainty["optimism"]["low"] <= worse <= uncertainty["optimism"]["high"]


def test_frontier_csv_has_the_intervals(
    found: tuple[Member, ...], objectives: tuple[Objective, ...]
) -> None:
    rows = list(csv.DictReader(io.StringIO(tables.frontier(found, objectives, "val", "csv"))))
    assert [float(row["uncertainty.probability"]) for row in rows] == [
        member.probability for member in found
    ]
    assert [float(row["uncertainty.val_loss.high"]) for row in rows] == [
        member.val.high for member in found
    ]


def test_json_has_no_infinity(trials: list[Trial]) -> None:
    seed = replace(trials[0].seeds[0], metrics={"val_loss": math.inf, "test_loss": math.nan})
    broken = replace(
        trials[0], state=TrialState.FAIL, objectives={}, outcome=Outcome((seed,)), reason="diverged"
    )
    read = json.loads(
        tables.as_json([broken.to_json()]), parse_constant=lambda word: pytest.fail(word)
    )
    assert read[0]["seeds"][0]["val_loss"] is None


def test_csv_has_every_key_of_every_trial(trials: list[Trial]) -> None:
    rows = list(csv.DictReader(io.StringIO(tables.trials(trials, "csv"))))
    assert len(rows) == len(trials)
    header = list(rows[0])
    assert header[:5] == ["trial", "uid", "state", "cohort", "family"]
    hyperparameters = [key for key in header if key.startswith("hyperparameters.")]
    assert hyperparameters == sorted(hyperparameters)
    assert {
        f"hyperparameters.{name}" for trial in trials for name in trial.candidate.hyperparameters
    } == set(hyperparameters)
    assert float(rows[3]["seeds.1.val_loss"]) == trials[3].seeds[1].metrics["val_loss"]


def test_csv_header_does_not_depend_on_the_order_of_trials(trials: list[Trial]) -> None:
    rows = [trial.to_json() for trial in trials]
    assert tables.as_csv(rows).splitlines()[0] == tables.as_csv(rows[::-1]).splitlines()[0]


def test_json_and_csv_have_the_references_in_every_row_and_no_row_of_their_own(
    found: tuple[Member, ...], objectives: tuple[Objective, ...]
) -> None:
    linear = Baseline("linear", {"penalty": 1.0, "params": 3}, (SeedMetrics(1, {"val_loss": 0.5}),))
    plain = json.loads(tables.frontier(found, objectives, "val", "json"))
    beside = json.loads(tables.frontier(found, objectives, "val", "json", [linear]))
    expected = {"linear": {"penalty": 1.0, "params": 3, "val_loss": 0.5}}
    assert beside == [row | {"references": expected} for row in plain]
    text = tables.frontier(found, objectives, "val", "csv", [linear])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["references.linear.val_loss"]) for row in rows] == [0.5] * len(found)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0.5, 0.25], "0.3750 ± 0.1768"),
        ([1.5e-5, 1.2e-5], "1.350e-05 ± 2.1e-06"),
        ([0.5, 0.50001], "0.5000 ± 7.1e-06"),
        ([0.0, 0.0], "0.0000 ± 0.0000"),
        ([2e-6], "2.000e-06"),
        ([2.3025850929940455, 2.302585092994046], "2.3026 ± 0.0000"),  # rounding alone
    ],
)
def test_a_small_number_of_a_table_keeps_its_digits(values: list[float], text: str) -> None:
    assert words.spread(Spread.of(values), aligned=True) == text


@pytest.mark.parametrize("split", ["val", "test"])
def test_table_shows_mean_and_sample_deviation(
    found: tuple[Member, ...], objectives: tuple[Objective, ...], split: str
) -> None:
    text = tables.frontier_table(found, objectives, split)
    trial = found[0].trial
    values = trial.per_seed("test_loss")
    assert f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}" in text
    assert f"{split} error" in text
    assert "chosen on validation" in text
    assert all(member.trial.candidate.family in text for member in found)
    lines = [line.split() for line in text.splitlines()]
    for member in found:
        assert any(
            words[0] == str(member.trial.number) and words[-1] == f"{member.probability:.2f}"
            for words in lines
            if words
        )


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_terminal_is_too_narrow_for_the_losses_and_the_hyperparameters(
    columns: int,
    found: tuple[Member, ...],
    objectives: tuple[Objective, ...],
    trials: list[Trial],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No word is cut. Columns that do not fit are left out, and their titles are named."""
    monkeypatch.setattr(rows, "width", lambda: columns)
    for text, listed in (
        (tables.frontier_table(found, objectives, "val"), [member.trial for member in found]),
        (tables.trials_table(trials), trials),
    ):
        assert "…" not in text
        for trial in listed:
            assert trial.candidate.family in text
            assert set(tables.hyperparameters(trial).replace(",", "").split()) <= set(
                text.replace(",", "").split()
            )
            assert tables.mean_and_spread(trial, "val_loss") in text
        assert ("test loss" in text.splitlines()[0]) is ("test loss" not in text.splitlines()[-1])
        assert (columns < 200) is ("a wider terminal shows" in text)


def test_one_seed_has_no_spread(trials: list[Trial], entry: Entry) -> None:
    assert trials[0].outcome is not None
    single = replace(trials[0], outcome=Outcome(trials[0].outcome.seeds[:1]))
    objectives = entry.search.objective_table()
    text = tables.frontier_table(members([single], objectives), objectives, "val")
    assert "no spread" in text
    assert "chance" not in text
    assert "nan" not in text


def test_an_empty_search_says_so(entry: Entry) -> None:
    assert "empty" in tables.frontier_table((), entry.search.objective_table(), "val")
    assert tables.trials([], "table") == "no trial yet."
    assert tables.trials([], "json") == "[]"
    assert tables.trials([], "csv") == ""


def test_a_reason_with_brackets_is_not_markup(trials: list[Trial]) -> None:
    failed = replace(
        trials[0], state=TrialState.FAIL, objectives={}, reason="IndexError: [/bold] out of range"
    )
    assert "[/bold]" in tables.trials_table([failed, *trials[1:3]])


@pytest.mark.parametrize("width", range(60, 160))
def test_no_cell_is_cut_whatever_the_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "width", lambda: width)
    words = "hidden 64, steps 4, spectral_radius 0.55, graph_noise 0, learning_rate 0.021"
    table, _ = rows.fitting(
        [
            rows.Column("trial", ["44"]),
            rows.Column("family", ["kronecker_permuted"], number=False),
            rows.Column("hyperparameters", [words], number=False, wraps=True),
            rows.Column("val loss", ["0.0590 ± 0.0268"]),
            rows.Column("test loss", ["0.0590 ± 0.0268"], spare=True),
            rows.Column("chance", ["0.00"]),
        ]
    )
    head, first, *_ = rows.to_text(table).splitlines()
    assert head.endswith("  chance")
    assert first.endswith(" 0.00")


def test_a_note_is_broken_between_words_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    note = "every word of this note stays whole"
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert rows.wrapped(note) == note  # in a file
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "12")
    lines = rows.wrapped(note).splitlines()
    assert max(map(len, lines)) <= 12
    assert " ".join(lines) == note
