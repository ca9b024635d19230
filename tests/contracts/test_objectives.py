"""Every objective of the table is measured, and another one is one more row.

Training measures what the row says, and every table and figure shows it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torch import Tensor

from frontier_search import runner
from frontier_search.cli.main import group
from frontier_search.data.dataset import Task
from frontier_search.frontier import membership
from frontier_search.mirror import payload, view
from frontier_search.objective import OBJECTIVES, Counted, FromMean, Objective, RowMean
from frontier_search.reports.chart import Chart
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from tests.support import toys

ROWS = {
    "root_loss": Objective(
        "root_loss",
        "root of the loss",
        "target units",
        "minimise",
        FromMean("loss", math.sqrt),
        "root of the mean squared error (regression only)",
        targets="numbers",
    ),
    "absolute_error": Objective(
        "absolute_error",
        "absolute error",
        "target units",
        "minimise",
        RowMean(f"{__name__}:absolute_errors"),
        "mean distance to the target (regression only)",
        targets="numbers",
    ),
}


def absolute_errors(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs[:, 0] - targets).abs()


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_a_search_can_have_every_objective(name: str, tmp_path: Path) -> None:
    dataset = "sine" if OBJECTIVES[name].targets == "numbers" else "iris"
    spec = {"dataset": dataset, "families": ["dense"], "objectives": [name], "name": "one"}
    source = OBJECTIVES[name].source
    device = isinstance(source, Counted) and source.on_device
    spec |= {"device": "cortex-m4f"} if device else {}
    search = Search.from_spec(spec | {"trials": 2, "cohort": 2, "seeds": 2, "epochs": 1})
    runner.run(search, tmp_path, "inline")
    for trial in catalog.read_trials(catalog.find("one", tmp_path)):
        value = OBJECTIVES[name].of(trial)
        assert math.isfinite(value)
        assert trial.objectives == {name: value}
        keys = {key for seed in trial.seeds for key in seed.metrics}
        assert ("val_latency_ms" in keys) is (name == "latency_ms")


@pytest.mark.parametrize("name", list(ROWS))
def test_a_new_objective_is_one_row(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OBJECTIVES, name, ROWS[name])
    spec = {"dataset": "sine", "families": ["dense"], "objectives": [name, "params"]}
    size = {"trials": 4, "cohort": 2, "seeds": 2, "epochs": 2}
    search = Search.from_spec(spec | size | {"name": "new"})
    members = runner.run(search, tmp_path, "inline").members
    entry = catalog.find("new", tmp_path)

    def command(*words: str) -> Result:
        arguments = [words[0], "new", "--home", str(tmp_path), *words[1:]]
        return CliRunner().invoke(group, arguments, catch_exceptions=False)

    trials = json.loads(command("trials", "--format", "json").stdout)
    for trial in trials:
        values = [seed[f"val_{name}"] for seed in trial["seeds"]]
        assert trial["objectives"][name] == pytest.approx(sum(values) / len(values))
        if name == "root_loss":
            assert values == [math.sqrt(seed["val_loss"]) for seed in trial["seeds"]]
    assert f"objectives.{name}" in command("trials", "--format", "csv").stdout.splitlines()[0]
    assert f"test {name}" in command("frontier", "--split", "test").stdout
    listed = json.loads(command("frontier", "--format", "json").stdout)
    assert [trial["trial"] for trial in listed] == [member.number for member in members]
    best = min(trials, key=lambda trial: float(trial["objectives"][name]))
    assert best["trial"] in [trial["trial"] for trial in listed]

    chart = Chart.of(search, catalog.read_trials(entry), "test")
    assert chart.panels[0].y.label.startswith(f"test {ROWS[name].label} (target units")
    drawn = command("frontier", "--plot", str(tmp_path / "frontier.html"))
    assert drawn.exit_code == 0
    assert f"validation {ROWS[name].label} (target units)" in (
        tmp_path / "frontier.html"
    ).read_text(encoding="utf-8")

    metrics = payload.trial_metrics(members[0])
    assert metrics[name] == pytest.approx(members[0].objectives[name])
    assert f"test_{name}" in metrics
    assert f"test_{name}" in view.state(search)
    table = payload.frontier_rows(membership.members(members, search.objective_table()))
    assert {f"val_{name}", f"test_{name}_std"} < set(table["columns"])


def test_an_objective_that_needs_other_targets_is_refused() -> None:
    with pytest.raises(ValueError, match="'rmse' needs numbers, and the dataset is multiclass"):
        toys.search(objectives=["rmse", "params"])
