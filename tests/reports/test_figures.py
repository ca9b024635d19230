"""The figures of a frontier, in every format of the table."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.image import imread

from frontier_search.errors import SpecError
from frontier_search.frontier.baselines import Baseline, SeedMetrics
from frontier_search.frontier.membership import members
from frontier_search.objective import OBJECTIVES
from frontier_search.reports import figures, tables
from frontier_search.reports.chart import Chart
from frontier_search.reports.drawing import draw
from frontier_search.reports.page.contents import contents
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Candidate, Outcome, Trial, TrialState


@pytest.mark.parametrize(
    "names", [("loss",), ("accuracy", "params"), ("loss", "params", "flops"), ("params",)]
)
def test_every_format_draws_any_objectives(
    entry: Entry, trials: list[Trial], names: tuple[str, ...], tmp_path: Path
) -> None:
    search = replace(entry.search, objectives=names)

    def value(trial: Trial, name: str) -> float:
        objective = OBJECTIVES[name]
        seeds = trial.per_seed(f"val_{name}")
        return float(objective.count(trial.size)) if objective.known else sum(seeds) / len(seeds)

    measured = [
        replace(trial, objectives={name: value(trial, name) for name in names}) for trial in trials
    ]
    chart = Chart.of(search, measured)
    ys = [y for _, y in chart.panels[0].staircase]
    assert ys == sorted(ys, reverse="accuracy" not in names)
    for suffix in figures.FIGURES:
        figures.write(replace(entry, search=search), measured, "val", tmp_path / f"f{suffix}")


def test_a_picture_is_800_by_600_pixels(entry: Entry, trials: list[Trial], tmp_path: Path) -> None:
    path = tmp_path / "deep" / "frontier.png"
    figures.write(entry, trials, "val", path)
    height, width, _ = imread(path).shape
    assert (width, height) == (800, 600)


def test_no_text_is_cut(entry: Entry, trials: list[Trial], tmp_path: Path) -> None:
    long = replace(entry.search, name="a-name-" * 12 + "that-is-long")
    odd = [
        replace(
            t,
            candidate=Candidate(
                "own_module_of_somebody:a_family_with_a_long_name", t.candidate.hyperparameters
            ),
        )
        for t in trials
    ]
    searches = replace(long, families=((odd[0].candidate.family, entry.search.families[0][1]),))
    for search, drawn in ((entry.search, trials), (searches, odd)):
        path = tmp_path / "frontier.png"
        figures.write(replace(entry, search=search), drawn, "val", path)
        picture = imread(path)[:, :, :3]
        border = (picture[:2], picture[-2:], picture[:, :2], picture[:, -2:])
        assert all((edge == 1.0).all() for edge in border)


def test_three_objectives_get_a_panel_for_each_pair(entry: Entry, trials: list[Trial]) -> None:
    objectives = [OBJECTIVES[name] for name in ("loss", "params", "flops")]
    chart = Chart.of(entry.search, trials, objectives=objectives)
    drawn = [(panel.x.objective.name, panel.y.objective.name) for panel in chart.panels]
    assert drawn == [("params", "loss"), ("flops", "loss"), ("flops", "params")]
    numbers = [{point.trial.number for point in panel.members} for panel in chart.panels]
    assert numbers[0] == numbers[1] == numbers[2]


def test_vector_pictures_are_the_same_each_time(
    entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
    for suffix in (".svg", ".pdf"):
        first, second = tmp_path / f"1{suffix}", tmp_path / f"2{suffix}"
        figures.write(entry, trials, "val", first)
        figures.write(entry, trials, "val", second)
        assert first.read_bytes() == second.read_bytes()


def test_a_constant_and_a_linear_model_are_lines_in_figures_and_tables(
    entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
    kept = tuple(
        Baseline(name, {"params": params}, (SeedMetrics(101, {"val_loss": loss}),))
        for name, params, loss in (("constant", 1, 1.5), ("linear", 7, 0.25))
    )
    chart = Chart.of(entry.search, trials, references=kept)
    assert [level.label for level in chart.panels[0].levels] == ["constant 1.5", "linear 0.25"]
    assert [each["y"] for each in contents(chart)["levels"]] == [1.5, 0.25]
    assert chart.panels[0].y_range[0] < 0.25 and chart.panels[0].y_range[1] > 1.5
    assert draw(chart, "png")
    objectives = entry.search.objective_table()
    table = tables.frontier_table(members(trials, objectives), objectives, "val", kept)
    assert ["(linear)", "7", "0.2500"] in [line.split()[:3] for line in table.splitlines()]
    assert Chart.of(entry.search, trials, "test", references=kept).panels[0].levels == []


def test_the_best_baseline_is_a_line_in_both_renderings(
    entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
    def baseline(name: str, val: float, test: float) -> Baseline:
        return Baseline(name, {}, (SeedMetrics(101, {"val_loss": val, "test_loss": test}),))

    baselines = (baseline("kNN", 0.02, 0.9), baseline("SVM", 0.01, 1.25))
    for split, value in (("val", 0.01), ("test", 1.25)):  # always chosen on validation
        chart = Chart.of(entry.search, trials, split, baselines)  # type: ignore[arg-type]
        level = chart.panels[0].baseline
        assert level is not None
        assert (level.y, level.label) == (
            value,
            f"best of kNN, SVM: SVM {value:g}",
        )
        assert contents(chart)["levels"] == [{"y": value, "label": level.label}]
        (tmp_path / f"{split}.png").write_bytes(draw(chart, "png"))
        assert imread(tmp_path / f"{split}.png").shape[:2] == (600, 800)
    timed = [
        replace(
            trial,
            objectives={"latency_ms": 1.0, "params": trial.size["effective"]},
            outcome=Outcome(
                tuple(
                    replace(seed, metrics=seed.metrics | {"val_latency_ms": 1.0})
                    for seed in trial.seeds
                )
            ),
        )
        for trial in trials
    ]
    assert (
        Chart.of(
            replace(entry.search, objectives=("latency_ms", "params")), timed, "val", baselines
        )
        .panels[0]
        .baseline
        is None
    )


def test_one_seed_has_no_bars(entry: Entry, trials: list[Trial], tmp_path: Path) -> None:
    single = [replace(trial, outcome=Outcome(trial.seeds[:1])) for trial in trials]
    search = replace(entry.search, seeds=entry.search.seeds[:1])
    chart = Chart.of(search, single)
    panel = chart.panels[0]
    assert math.isnan(panel.members[0].y.std)
    assert panel.band is None
    assert panel.members[0].chance is None
    assert "one seed" in chart.subtitle
    figures.write(replace(entry, search=search), single, "val", tmp_path / "f.png")


def test_mistakes_are_sentences(entry: Entry, trials: list[Trial], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"\.png .*\.svg .*\.html"):
        figures.write(entry, trials, "val", tmp_path / "frontier.jpg")
    failed = [replace(trial, state=TrialState.FAIL, objectives={}) for trial in trials]
    with pytest.raises(SpecError, match="no complete trial"):
        figures.write(entry, failed, "val", tmp_path / "frontier.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match="cannot write"):
        figures.write(entry, trials, "val", tmp_path / "file" / "frontier.png")
