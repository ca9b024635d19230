"""The commands that search: a search from end to end, its settings, and its name."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from frontier_search.search.search import Search
from frontier_search.storage import catalog
from tests.cli.results import HERE, TINY, Run
from tests.support.reading import runs_of


def test_a_search_is_run_read_and_resumed(run: Run, tmp_path: Path) -> None:
    ran = run("run", "--dataset", "iris", *TINY, *HERE, "--home", tmp_path)
    assert ran.code == 0, ran.err
    assert "iris-1: 6/6 trials" in ran.err
    assert f"frontier-search frontier iris-1 --home {tmp_path} --plot frontier.png" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["iris-1"]  # no mirror was made
    trials = json.loads(run("trials", "iris-1", "--home", tmp_path, "--format", "json").out)
    assert [trial["trial"] for trial in trials] == list(range(6))
    assert {trial["family"] for trial in trials} == {"dense", "no_recurrence"}
    assert all(len(trial["seeds"]) == 2 and trial["seeds"][0]["val_loss"] > 0 for trial in trials)
    resumed = run("resume", "iris-1", "--home", tmp_path, *HERE)
    assert (resumed.code, resumed.out) == (0, ran.out)
    more = run("resume", "iris-1", "--home", tmp_path, "--trials", "8", *HERE)
    assert more.code == 0
    longer = json.loads(run("trials", "iris-1", "--home", tmp_path, "--format", "json").out)
    assert longer[:6] == trials
    assert len(longer) == 8


def test_one_process_mirrors_a_search_and_its_confirmation(
    run: Run, empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, start = [], subprocess.Popen.__init__

    def count(self: subprocess.Popen[bytes], command: list[str], *args: Any, **named: Any) -> None:
        started.append(command)
        start(self, command, *args, **named)

    monkeypatch.setattr(subprocess.Popen, "__init__", count)
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    here = ("--executor", "inline", "--home", tmp_path)
    ran = run("run", "--dataset", "iris", *TINY, *here, "--confirm", 2)
    assert ran.code == 0, ran.err
    assert len([command for command in started if "--follow" in command]) == 1
    assert ran.err.count("MLflow is being completed") == 1
    found = {
        name: runs_of(catalog.find(name, tmp_path)) for name in ("iris-1", "iris-1-confirmed-2")
    }
    assert all(len(runs) > 1 for runs in found.values())
    assert {run.info.status for runs in found.values() for run in runs.values()} == {"FINISHED"}
    for name in found:
        assert run("sync", name, "--home", tmp_path).err.startswith(f"{name}: 0 runs created")


def test_a_file_of_settings_is_overridden_by_flags(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("search.yaml").write_text(
        "dataset: iris\ntrials: 50\nseeds: 3\nname: mine\n"
        "families: {dense: {hidden: 4, learning_rate: 1e-3}}\n"
    )
    shown = run(
        "run",
        "search.yaml",
        "--trials",
        "7",
        "--require",
        "params<=500",
        "--require",
        "flops<=1e5",
        "--dry-run",
    )
    assert shown.code == 0
    spec = yaml.safe_load(shown.out)
    assert (spec["trials"], spec["seeds"], spec["name"]) == (7, [101, 202, 303], "mine")
    assert spec["families"] == {"dense": {"hidden": 4, "learning_rate": 0.001}}
    assert spec["require"] == ["params<=500", "flops<=100000"]


@pytest.mark.parametrize(
    ("given", "seeds"), [("2", [101, 202]), ("101,202,303", [101, 202, 303]), ("42,", [42])]
)
def test_seeds_are_a_number_or_a_list(
    run: Run, tmp_path: Path, given: str, seeds: list[int]
) -> None:
    shown = run("run", "--dataset", "iris", "--seeds", given, "--home", tmp_path, "--dry-run")
    assert (shown.code, yaml.safe_load(shown.out)["seeds"]) == (0, seeds)
    sweep = tmp_path / "many.yaml"
    sweep.write_text("defaults: {seeds: 7, trials: 3}\nsearches: [iris, wine]\n")
    shown = run("sweep", sweep, "--seeds", given, "--home", tmp_path, "--dry-run")
    assert shown.code == 0
    assert shown.out.count(f"3 candidates x {len(seeds)} seeds") == 2


def test_bounds_may_be_repeated(run: Run, tmp_path: Path) -> None:
    bounds = ["--require", "params<=500", "--require", "flops<=1000"]
    shown = run("run", "--dataset", "iris", *bounds, "--home", tmp_path, "--dry-run")
    assert yaml.safe_load(shown.out)["require"] == ["params<=500", "flops<=1000"]


def test_a_dry_run_shows_the_whole_search_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    shown = run(
        "run", "--dataset", "iris", "--home", tmp_path / "home", "--dry-run", "--time-budget", "10m"
    )
    assert (shown.code, shown.err) == (0, "")
    search = Search.from_spec(yaml.safe_load(shown.out))
    assert (search.name, search.time_budget_s, search.trials) == ("iris-1", 600, 100)
    assert shown.out.startswith(f"# fingerprint {search.fingerprint()}; 100 candidates x 5 seeds\n")
    assert list(tmp_path.iterdir()) == []


def test_names_are_counted_up_unless_they_are_given(run: Run, home: Path) -> None:
    assert (
        yaml.safe_load(run("run", "--dataset", "iris", "--home", home, "--dry-run").out)["name"]
        == "iris-1"
    )
    assert (
        yaml.safe_load(
            run(
                "run", "--dataset", "tests.support.toys:MULTICLASS", "--home", home, "--dry-run"
            ).out
        )["name"]
        == "tests.support-1"
    )
    assert (
        yaml.safe_load(
            run("run", "--dataset", "iris", "--name", "mine", "--home", home, "--dry-run").out
        )["name"]
        == "mine"
    )
