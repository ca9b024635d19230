"""What a figure of the frontier shows: its members, its staircase, its axes, its colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from colorspacious import cspace_convert
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from frontier_search.frontier.frontier import Frontier, Spread
from frontier_search.frontier.membership import members
from frontier_search.models.families import FAMILIES, PUBLISHED
from frontier_search.objective import OBJECTIVES
from frontier_search.reports.axis import Axis, Split, axes, bar, upward_range
from frontier_search.reports.chart import Chart, Panel
from frontier_search.reports.drawing import MARKERS
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


def panel(entry: Entry, trials: list[Trial], split: Split = "val") -> Panel:
    """Returns the first panel of the chart."""
    return Chart.of(entry.search, trials, split).panels[0]


def test_the_members_of_a_chart_are_the_frontier(entry: Entry, trials: list[Trial]) -> None:
    chart = Chart.of(entry.search, trials)
    panel = chart.panels[0]
    numbers = Frontier.of(trials, entry.search.objective_table()).numbers()
    assert {point.trial.number for point in panel.members} == numbers
    assert len(panel.points) == len(trials)
    assert panel.x.log
    assert (panel.x.label, panel.y.label) == ("learned parameters", "validation loss (nats)")
    assert "iris" in chart.title
    assert "12 of 12 trials" in chart.subtitle
    assert "3 seeds" in chart.subtitle


def test_staircase_falls_from_member_to_member(entry: Entry, trials: list[Trial]) -> None:
    chart = Chart.of(entry.search, trials).panels[0]
    xs, ys = zip(*chart.staircase, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)
    corners = set(chart.staircase)
    assert {(point.x.mean, point.y.mean) for point in chart.members} <= corners
    assert xs[-1] == max(point.x.mean for point in chart.points)


def test_the_test_split_shows_the_members_chosen_on_validation(
    entry: Entry, trials: list[Trial]
) -> None:
    val, test = panel(entry, trials, "val"), panel(entry, trials, "test")
    assert [p.trial.number for p in val.members] == [p.trial.number for p in test.members]
    assert "chosen on validation" in test.y.label
    point = test.members[0]
    assert point.y.mean == pytest.approx(sum(point.trial.per_seed("test_loss")) / 3)


def test_a_very_bad_trial_does_not_flatten_the_rest(entry: Entry, trials: list[Trial]) -> None:
    drawn = panel(entry, [*trials, with_loss(trials[0], 1e6, 99)])
    assert drawn.y_range[1] < 1e5
    assert drawn.beyond >= 1
    assert all(point.y.mean <= drawn.y_range[1] for point in drawn.members)


def test_a_loss_that_spans_a_factor_of_five_is_drawn_on_a_log_axis(
    entry: Entry, trials: list[Trial]
) -> None:
    best = min(trial.objectives["loss"] for trial in trials)
    near = [with_loss(trial, best * (1 + i / 4), i) for i, trial in enumerate(trials[:12])]
    assert not panel(entry, near).y.log
    assert panel(entry, [*near, with_loss(trials[0], 5.1 * best, 99)]).y.log
    assert not panel(entry, [*near, with_loss(trials[0], 0.0, 99)]).y.log


@given(
    values=st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=9),
    errors=st.lists(st.floats(0, 1e3), min_size=9, max_size=9),
)
def test_nothing_is_drawn_below_zero(values: list[float], errors: list[float]) -> None:
    spreads = [Spread(mean, std, 4) for mean, std in zip(values, errors, strict=False)]
    axis = Axis.of(OBJECTIVES["loss"], "val", "nats", values)
    low, high = upward_range(axis, spreads, spreads, [])
    assert 0 <= low < high
    for spread in spreads:
        below, above = bar(spread, axis)
        assert 0 <= below <= spread.mean <= above
        assert below > 0 or not axis.log
        assert low <= below
        assert above <= high


def test_the_chances_and_the_band_are_those_of_fresh_seeds(
    entry: Entry, trials: list[Trial]
) -> None:
    drawn = panel(entry, trials)
    told = {m.trial.number: m.probability for m in members(trials, entry.search.objective_table())}
    assert {point.trial.number: point.chance for point in drawn.members} == told
    assert drawn.band is not None
    assert (drawn.band.low <= drawn.band.high).all()
    assert (np.diff(drawn.band.low) <= 0).all()


def test_a_member_that_is_dominated_on_test_rows_is_marked(
    entry: Entry, trials: list[Trial]
) -> None:
    good, large = with_loss(trials[0], 0.2, 1), with_loss(trials[-1], 0.1, 2)
    large = replace(
        large,
        size=large.size | {"effective": good.size["effective"] + 1},
        objectives={"loss": 0.1, "params": good.size["effective"] + 1},
        outcome=Outcome(
            tuple(
                replace(seed, metrics=seed.metrics | {"val_loss": 0.1, "test_loss": 9.0})
                for seed in large.seeds
            )
        ),
    )
    marked = {p.trial.number for p in panel(entry, [good, large], "test").members if p.dominated}
    assert marked == {2}
    assert not any(p.dominated for p in panel(entry, [good, large]).members)


def distances(colours: Sequence[str], vision: str | None) -> NDArray[np.float64]:
    """Returns the distances of all pairs of colours in CAM02-UCS, as an eye sees them."""
    rgb = [[int(shade[i : i + 2], 16) / 255 for i in (1, 3, 5)] for shade in colours]
    if vision:
        kind = {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}
        rgb = np.clip(cspace_convert(rgb, kind, "sRGB1"), 0, 1)
    seen = cspace_convert(rgb, "sRGB1", "CAM02-UCS")
    return pdist(seen)


@pytest.mark.parametrize("vision", [None, "protanomaly", "deuteranomaly", "tritanomaly"])
def test_colours_can_be_told_apart_with_every_colour_vision(vision: str | None) -> None:
    assert distances(PALETTE, vision).min() >= 14
    assert distances(PALETTE[:6], vision).min() >= 14.5


def test_colours_are_given_to_the_families_in_the_picture() -> None:
    few = family_indices(["my.module:FAMILY", "spline", "kronecker"])
    assert few == {"kronecker": 0, "spline": 1, "my.module:FAMILY": 2}
    assert family_indices(["kronecker", "my.module:FAMILY", "spline"]) == few
    every = family_indices([*FAMILIES, "my.module:FAMILY"])
    looks = {(colour(index), MARKERS[index % len(MARKERS)]) for index in every.values()}
    assert len(looks) == len(every)  # no colour has the same shape twice
    assert list(every)[: len(PUBLISHED)] == sorted(PUBLISHED)


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
    assert chart.panels[0].y.label == "validation loss"
    assert "gone.csv" in chart.title
