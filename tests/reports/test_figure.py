"""The figure: what it shows (scene), and that both renderings show it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.image import imread

from frontier_search.errors import SpecError
from frontier_search.frontier.baselines import Baseline, SeedMetrics
from frontier_search.frontier.frontier import Frontier
from frontier_search.models.families import FAMILIES, PUBLISHED
from frontier_search.objective import OBJECTIVES
from frontier_search.reports import figure
from frontier_search.reports.chart import PALETTE, Scene, axes, colour, family_places
from frontier_search.search.search import Search
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Candidate, Outcome, Trial, TrialState


def with_loss(trial: Trial, loss: float, number: int) -> Trial:
    """A trial whose every seed has this validation loss."""
    seeds = tuple(replace(seed, metrics=seed.metrics | {"val_loss": loss}) for seed in trial.seeds)
    return replace(
        trial, number=number, objectives=trial.objectives | {"loss": loss}, outcome=Outcome(seeds)
    )


def test_members_are_the_frontier(entry: Entry, trials: list[Trial]) -> None:
    scene = Scene.of(entry.search, trials)
    numbers = Frontier.of(trials, entry.search.objective_table()).numbers()
    assert {point.trial.number for point in scene.members} == numbers
    assert len(scene.points) == len(trials)
    assert scene.x.log
    assert not scene.y.log
    assert (scene.x.label, scene.y.label) == ("learned parameters", "validation loss (nats)")
    assert "iris" in scene.title
    assert "12 of 12 trials" in scene.subtitle
    assert "3 seeds" in scene.subtitle


def test_staircase_falls_from_member_to_member(entry: Entry, trials: list[Trial]) -> None:
    scene = Scene.of(entry.search, trials)
    xs, ys = zip(*scene.staircase, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)
    corners = set(scene.staircase)
    assert {(point.x.mean, point.y.mean) for point in scene.members} <= corners
    assert xs[-1] == max(point.x.mean for point in scene.points)


def test_test_split_keeps_the_members_and_says_so(entry: Entry, trials: list[Trial]) -> None:
    val, test = Scene.of(entry.search, trials, "val"), Scene.of(entry.search, trials, "test")
    assert [p.trial.number for p in val.members] == [p.trial.number for p in test.members]
    assert "chosen on validation" in test.y.label
    point = test.members[0]
    assert point.y.mean == pytest.approx(sum(point.trial.per_seed("test_loss")) / 3)


def test_a_hopeless_trial_does_not_flatten_the_rest(entry: Entry, trials: list[Trial]) -> None:
    scene = Scene.of(entry.search, [*trials, with_loss(trials[0], 1e6, 99)])
    assert scene.y_limit is not None
    assert scene.y_limit < 10
    assert scene.beyond >= 1
    assert all(point.y.mean <= scene.y_limit for point in scene.members)


def test_families_keep_their_colours() -> None:
    assert len({colour(place) for place in range(len(PALETTE))}) == len(PALETTE)
    few, many = (
        family_places(["kronecker", "my.module:FAMILY"]),
        family_places(["dense", "kronecker", "random_sparse"]),
    )
    assert few["kronecker"] == many["kronecker"]
    assert few["my.module:FAMILY"] not in many.values()
    every = family_places([*FAMILIES, "my.module:FAMILY"])
    assert len({colour(place) for place in every.values()}) == len(every)  # no colour is used twice
    assert {name: colour(every[name]) for name in PUBLISHED} == {  # as in every figure that was ever drawn
        "dense": "#332288", "dense_adamw": "#CC6677", "dense_deep": "#117733", "dense_random": "#DDAA33", "gated_kronecker": "#44AA99",
        "kronecker": "#AA4499", "kronecker_permuted": "#88AAEE", "no_recurrence": "#882255", "random_sparse": "#999933",
    }  # fmt: skip


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
def test_axes_of_any_objectives(names: tuple[str, ...], x: str, y: str) -> None:
    drawn = axes([OBJECTIVES[name] for name in names])
    assert (drawn[0].name, drawn[1].name) == (x, y)


@pytest.mark.parametrize(
    "names", [("loss",), ("accuracy", "params"), ("loss", "params", "flops"), ("params",)]
)
def test_other_objectives_are_drawn(
    entry: Entry, trials: list[Trial], names: tuple[str, ...], tmp_path: Path
) -> None:
    search = replace(entry.search, objectives=names)

    def value(trial: Trial, name: str) -> float:
        objective = OBJECTIVES[name]
        seeds = trial.per_seed(f"val_{name}")
        return float(objective.count(trial.size)) if objective.known else sum(seeds) / len(seeds)

    told = [
        replace(trial, objectives={name: value(trial, name) for name in names}) for trial in trials
    ]
    scene = Scene.of(search, told)
    ys = [y for _, y in scene.staircase]
    assert ys == sorted(ys, reverse="accuracy" not in names)
    for suffix in (".png", ".html"):
        figure.write(search, told, "val", tmp_path / f"f{suffix}")


def test_png_is_800_pixels_wide(entry: Entry, trials: list[Trial], tmp_path: Path) -> None:
    path = tmp_path / "deep" / "frontier.png"
    figure.write(entry.search, trials, "val", path)
    height, width, _ = imread(path).shape
    assert (width, height) == (800, 600)


def test_page_needs_no_network_and_escapes_names(entry: Entry, trials: list[Trial]) -> None:
    odd = replace(trials[0], candidate=Candidate("my<b>:FAMILY", {"hidden": 4, "way": "<script>"}))
    page = figure.page(Scene.of(entry.search, [odd, *trials[1:]]))
    assert not re.search(r"<(script|link|img)[^>]+(src|href)\s*=", page)
    assert "trial 3" in page
    assert "my<b>" not in page
    assert "way = <script>" not in page
    assert "± " in page or "\\u00b1" in page


def test_the_ceiling_is_a_line_in_both_renderings(
    entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
    def baseline(name: str, val: float, test: float) -> Baseline:
        return Baseline(name, {}, (SeedMetrics(101, {"val_loss": val, "test_loss": test}),))

    baselines = (baseline("kNN", 0.02, 0.9), baseline("SVM", 0.01, 1.25))
    for split, value in (("val", 0.01), ("test", 1.25)):  # chosen on validation either way
        scene = Scene.of(entry.search, trials, split, baselines)  # type: ignore[arg-type]
        assert scene.ceiling is not None
        assert (scene.ceiling.y, scene.ceiling.label) == (value, f"best of kNN, SVM: SVM {value:g}")
        assert scene.ceiling.label in figure.page(scene)
        figure.draw_png(scene, tmp_path / f"{split}.png")
    timed = [
        replace(trial, objectives={"latency_ms": 1.0, "params": trial.size["effective"]})
        for trial in trials
    ]
    assert (
        Scene.of(
            replace(entry.search, objectives=("latency_ms", "params")), timed, "val", baselines
        ).ceiling
        is None
    )


def test_one_seed_has_no_bars(entry: Entry, trials: list[Trial], tmp_path: Path) -> None:
    single = [replace(trial, outcome=Outcome(trial.seeds[:1])) for trial in trials]
    search = replace(entry.search, seeds=entry.search.seeds[:1])
    scene = Scene.of(search, single)
    assert math.isnan(scene.members[0].y.std)
    assert "one seed" in scene.subtitle
    figure.write(search, single, "val", tmp_path / "f.png")


def test_mistakes_are_said(entry: Entry, trials: list[Trial], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"\.png .*\.html"):
        figure.write(entry.search, trials, "val", tmp_path / "frontier.pdf")
    failed = [replace(trial, state=TrialState.FAIL, objectives={}) for trial in trials]
    with pytest.raises(SpecError, match="no complete trial"):
        figure.write(entry.search, failed, "val", tmp_path / "frontier.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match="cannot write"):
        figure.write(entry.search, trials, "val", tmp_path / "file" / "frontier.png")


def test_a_lost_dataset_file_takes_only_the_unit(
    entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
    search: Search = replace(entry.search, dataset=str(tmp_path / "gone.csv"), dataset_sha256="00")
    scene = Scene.of(search, trials)
    assert scene.y.label == "validation loss"
    assert "gone.csv" in scene.title
