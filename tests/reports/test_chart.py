"""What a figure of the frontier shows: its members, its staircase, its axes, its colours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from frontier_search.frontier.frontier import Frontier
from frontier_search.models.families import FAMILIES, PUBLISHED
from frontier_search.objective import OBJECTIVES
from frontier_search.reports.chart import Chart, axes
from frontier_search.reports.palette import PALETTE, colour, family_indices
from frontier_search.search.search import Search
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Outcome, Trial


def with_loss(trial: Trial, loss: float, number: int) -> Trial:
    """Returns the trial with another validation loss, the same for every seed."""
    seeds = tuple(replace(seed, metrics=seed.metrics | {"val_loss": loss}) for seed in trial.seeds)
    return replace(
        trial, number=number, objectives=trial.objectives | {"loss": loss}, outcome=Outcome(seeds)
    )


def test_the_members_of_a_chart_are_the_frontier(entry: Entry, trials: list[Trial]) -> None:
    chart = Chart.of(entry.search, trials)
    numbers = Frontier.of(trials, entry.search.objective_table()).numbers()
    assert {point.trial.number for point in chart.members} == numbers
    assert len(chart.points) == len(trials)
    assert chart.x.log
    assert not chart.y.log
    assert (chart.x.label, chart.y.label) == ("learned parameters", "validation loss (nats)")
    assert "iris" in chart.title
    assert "12 of 12 trials" in chart.subtitle
    assert "3 seeds" in chart.subtitle


def test_staircase_falls_from_member_to_member(entry: Entry, trials: list[Trial]) -> None:
    chart = Chart.of(entry.search, trials)
    xs, ys = zip(*chart.staircase, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)
    corners = set(chart.staircase)
    assert {(point.x.mean, point.y.mean) for point in chart.members} <= corners
    assert xs[-1] == max(point.x.mean for point in chart.points)


def test_the_test_split_shows_the_members_chosen_on_validation(
    entry: Entry, trials: list[Trial]
) -> None:
    val, test = Chart.of(entry.search, trials, "val"), Chart.of(entry.search, trials, "test")
    assert [p.trial.number for p in val.members] == [p.trial.number for p in test.members]
    assert "chosen on validation" in test.y.label
    point = test.members[0]
    assert point.y.mean == pytest.approx(sum(point.trial.per_seed("test_loss")) / 3)


def test_a_very_bad_trial_does_not_flatten_the_rest(entry: Entry, trials: list[Trial]) -> None:
    chart = Chart.of(entry.search, [*trials, with_loss(trials[0], 1e6, 99)])
    assert chart.y_limit is not None
    assert chart.y_limit < 10
    assert chart.beyond >= 1
    assert all(point.y.mean <= chart.y_limit for point in chart.members)


def test_families_keep_their_colours() -> None:
    assert len({colour(index) for index in range(len(PALETTE))}) == len(PALETTE)
    few, many = (
        family_indices(["kronecker", "my.module:FAMILY"]),
        family_indices(["dense", "kronecker", "random_sparse"]),
    )
    assert few["kronecker"] == many["kronecker"]
    assert few["my.module:FAMILY"] not in many.values()
    every = family_indices([*FAMILIES, "my.module:FAMILY"])
    assert len({colour(index) for index in every.values()}) == len(every)  # no colour is used twice
    published = {  # as in every figure that was ever drawn
        "dense": "#332288",
        "dense_adamw": "#CC6677",
        "dense_deep": "#117733",
        "dense_random": "#DDAA33",
        "gated_kronecker": "#44AA99",
        "kronecker": "#AA4499",
        "kronecker_permuted": "#88AAEE",
        "no_recurrence": "#882255",
        "random_sparse": "#999933",
    }
    assert {name: colour(every[name]) for name in PUBLISHED} == published


@pytest.mark.parametrize(
    ("names", "x", "y"),
    [
        (("loss", "params"), "params", "loss"),
        (("params", "loss"), "params", "loss"),
        (("loss",), "params", "loss"),
        (("flops",), "flops", "loss"),
        (("loss", "latency_ms"), "latency_ms", "loss"),
        (("error", "flops", "params"), "flops", "error"),
    ],
)
def test_any_objectives_have_two_axes(names: tuple[str, ...], x: str, y: str) -> None:
    drawn = axes([OBJECTIVES[name] for name in names])
    assert (drawn[0].name, drawn[1].name) == (x, y)


def test_without_the_dataset_file_only_the_unit_is_missing(
    entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
    search: Search = replace(entry.search, dataset=str(tmp_path / "gone.csv"), dataset_sha256="00")
    chart = Chart.of(search, trials)
    assert chart.y.label == "validation loss"
    assert "gone.csv" in chart.title
