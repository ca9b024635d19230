"""The mirror of a finished search in real MLflow databases: it adds only what is missing."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from frontier_search import runner
from frontier_search.errors import SpecError
from frontier_search.export import certificate
from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.hypervolume import Hypervolume
from frontier_search.frontier.membership import members
from frontier_search.mirror import client, payload
from frontier_search.mirror.mirror import CHANCE, GAIN, HYPERVOLUME, Mirror
from frontier_search.mirror.view import VIEW_TAG
from frontier_search.storage import references
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial
from tests.support.reading import At, rows_of, runs_of, text_of

pytestmark = pytest.mark.usefixtures("quick_models")


def test_a_search_and_its_trials_are_runs(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    assert Mirror(entry).sync() == 13
    runs = runs_of(entry)
    parent = runs.pop("small")
    assert set(runs) == {trial.uid for trial in trials}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {parent.info.run_id}
    assert {run.info.status for run in [parent, *runs.values()]} == {"FINISHED"}
    trial = trials[5]
    data = runs[trial.uid].data
    assert data.params == {"family": trial.candidate.family} | {
        k: str(v) for k, v in trial.candidate.hyperparameters.items()
    }
    assert data.metrics["loss"] == trial.objectives["loss"]
    assert data.metrics["params"] == trial.size["effective"]
    assert data.metrics["raw_params"] == trial.size["raw"]
    assert data.metrics["log10_params"] == pytest.approx(math.log10(trial.size["effective"]))
    assert runs[trial.uid].info.start_time == payload.milliseconds(trial.started_at)
    assert data.metrics["seconds"] == pytest.approx(
        trial.outcome.seconds if trial.outcome else None
    )
    assert data.tags["state"] == "complete"
    assert runs[trial.uid].info.run_name == f"{trial.number} {trial.candidate.family}"
    assert runs[trial.uid].info.end_time == payload.milliseconds(trial.finished_at)


def test_the_parent_holds_the_search(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    parent, search = runs_of(entry)["small"], entry.search
    assert text_of(entry, parent, "search.yaml") == search.to_yaml()
    assert parent.data.params["dataset"] == "iris"
    assert "families.dense" in parent.data.params
    assert parent.data.tags["fingerprint"] == search.fingerprint()
    assert {
        "version.torch",
        "version.ray",
        "version.optuna",
        "version.mlflow",
        "version.python",
    } <= set(parent.data.tags)
    (dataset,) = parent.inputs.dataset_inputs
    assert dataset.dataset.name == "iris"
    found = members(trials, search.objective_table())
    table = json.loads(text_of(entry, parent, "frontier.json"))
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert [row["trial"] for row in rows] == [member.trial.number for member in found]
    assert [row["chance"] for row in rows] == pytest.approx(
        [member.probability for member in found], rel=1e-4
    )
    assert [row["test_loss_high"] for row in rows] == pytest.approx(
        [member.test.high for member in found], rel=1e-4
    )
    assert '"number":0,' in text_of(entry, parent, "frontier.html")
    assert len(text_of(entry, parent, "frontier.csv").splitlines()) == len(found) + 1


def test_the_frontier_as_csv_has_what_its_members_are_compared_with(tracked: At) -> None:
    entry = tracked("mlflow.db")
    references.keep(entry.search, entry.folder)
    Mirror(entry).sync()
    written = text_of(entry, runs_of(entry)["small"], "frontier.csv")
    rows = list(csv.DictReader(io.StringIO(written)))
    for one in references.read(entry.folder):
        assert {float(row[f"references.{one.name}.test_loss"]) for row in rows} == {
            one.means()["test_loss"]
        }


def test_hypervolume_is_logged_against_trials(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    parent = runs_of(entry)["small"]
    history = MlflowClient(entry.locations.tracking_uri).get_metric_history(
        parent.info.run_id, HYPERVOLUME
    )
    values = {point.step: point.value for point in history}
    assert sorted(values) == list(range(1, 13))
    meter = Hypervolume(trials, entry.search.objective_table())
    assert values[12] == pytest.approx(meter.of(trials))
    assert values[7] == pytest.approx(meter.of(trials[:7]))
    assert all(values[k] <= values[k + 1] for k in range(1, 12))


def test_seeds_and_epochs_are_steps(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    trial = trials[5]
    run_id = runs_of(entry)[trial.uid].info.run_id
    client = MlflowClient(entry.locations.tracking_uri)

    def steps(metric: str) -> dict[int, float]:
        return {p.step: p.value for p in client.get_metric_history(run_id, metric)}

    for metric in ("val_loss", "test_loss"):
        assert steps(f"seeds/{metric}") == {s.seed: s.metrics[metric] for s in trial.seeds}
    curves = [seed.val_losses.values().tolist() for seed in trial.seeds]
    mean = [sum(values) / len(values) for values in zip(*curves, strict=True)]
    assert steps("curve/val_loss") == pytest.approx(dict(enumerate(mean, 1)))
    assert steps("curve/train_loss") == pytest.approx(dict(enumerate(trial.train_losses(), 1)))


def test_the_pages_say_who_the_members_are(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    parent = runs_of(entry)["small"]
    found = members(trials, entry.search.objective_table())
    words = parent.data.tags["mlflow.note.content"]
    for member in found:
        assert f"\n| {member.trial.number} | {member.trial.candidate.family} |" in words
        chance = runs_of(entry)[member.trial.uid].data.tags["frontier.chance"]
        assert chance == f"{member.probability:.2f}"
    client = MlflowClient(entry.locations.tracking_uri)
    note = client.get_experiment_by_name("small").tags["mlflow.note.content"]
    first = note.splitlines()[0]
    assert first.count("](#/experiments/") == 3
    assert len(note) < 5000  # MLflow refuses a longer one
    for member in found:
        assert f"\n| {member.trial.number} | {member.trial.candidate.family} |" in note
    assert parent.info.run_id in first
    assert '"mistakes":{"classes":["0","1","2"]' in text_of(entry, parent, "frontier.html")
    assert text_of(entry, parent, "frontier.svg").lstrip().startswith("<?xml")


def test_the_gain_of_the_last_cohort_and_the_chance_of_more_are_logged(
    tracked: At, trials: list[Trial]
) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    run_id = runs_of(entry)["small"].info.run_id
    client = MlflowClient(entry.locations.tracking_uri)
    gains, chances = (
        {point.step: point.value for point in client.get_metric_history(run_id, name)}
        for name in (GAIN, CHANCE)
    )
    meter = Hypervolume(trials, entry.search.objective_table())
    assert gains == pytest.approx(meter.gains(range(1, 13)))
    assert chances == dict.fromkeys(range(1, 13), 1.0)  # fewer than 8 trials are complete


def test_members_are_marked(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    marked = {
        uid for uid, run in runs_of(entry).items() if run.data.tags.get("frontier.member") == "true"
    }
    assert marked == {
        trial.uid for trial in Frontier.of(trials, entry.search.objective_table()).members
    }
    client = MlflowClient(entry.locations.tracking_uri)
    assert json.loads(client.get_experiment_by_name("small").tags[VIEW_TAG])["compareRunCharts"]


def test_a_second_sync_changes_nothing(tracked: At) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mirror.sync()
    before, rows = runs_of(entry), rows_of(entry)
    assert mirror.sync() == 0
    assert Mirror(entry).sync() == 0
    assert rows_of(entry) == rows
    after = runs_of(entry)
    assert {uid: run.data.to_dictionary() for uid, run in after.items()} == {
        uid: run.data.to_dictionary() for uid, run in before.items()
    }


def test_a_second_database_gets_the_same_runs(tracked: At) -> None:
    first, second = tracked("one.db"), tracked("two.db")
    Mirror(first).sync()
    Mirror(second).sync()
    one, two = runs_of(first), runs_of(second)
    assert {uid: run.data.metrics for uid, run in one.items()} == {
        uid: run.data.metrics for uid, run in two.items()
    }
    assert {uid: run.data.params for uid, run in one.items()} == {
        uid: run.data.params for uid, run in two.items()
    }


def test_runs_are_read_in_several_answers(tracked: At, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    monkeypatch.setattr(client, "ANSWER_RUNS", 5)
    assert Mirror(entry).sync() == 0


def test_two_runs_of_one_trial_become_one(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mirror.sync()
    mirror.client.mlflow.create_run(
        mirror.experiment_id, tags={"uid": trials[3].uid, "kind": "trial"}
    )
    Mirror(entry).sync()
    assert len(runs_of(entry)) == 13
    assert runs_of(entry)[trials[3].uid].info.status == "FINISHED"


def test_another_search_of_this_name_is_refused(tracked: At) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    other = replace(entry, search=replace(entry.search, epochs=3))
    with pytest.raises(SpecError, match="fingerprint"):
        Mirror(other).sync()
    foreign = tracked("foreign.db")
    MlflowClient(foreign.locations.tracking_uri).create_experiment("small")
    with pytest.raises(SpecError, match="not a search"):
        Mirror(foreign).sync()


def test_deleted_runs_and_experiments_are_restored(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mirror.sync()
    client = mirror.client.mlflow
    client.delete_run(runs_of(entry)[trials[2].uid].info.run_id)
    Mirror(entry).sync()
    assert len(runs_of(entry)) == 13
    client.delete_experiment(mirror.experiment_id)
    Mirror(entry).sync()
    assert len(runs_of(entry)) == 13


def test_artifacts_are_in_the_home(
    entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a database that the mirror creates, nothing else appears in the current folder."""
    monkeypatch.chdir(tmp_path)
    entry = replace(
        entry,
        locations=replace(entry.locations, tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}"),
    )
    Mirror(entry).sync()
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert (entry.folder.home / "mlartifacts" / "small").is_dir()
    assert {path.name for path in tmp_path.iterdir()} <= {
        "mlflow.db",
        "mlflow.db-wal",
        "mlflow.db-shm",
    }


def test_the_storage_of_the_search_does_not_change(
    entry: Entry, trials: list[Trial], tracked: At
) -> None:
    journal = (entry.folder.path / "journal.log").read_bytes()
    Mirror(tracked("mlflow.db")).sync()
    assert (entry.folder.path / "journal.log").read_bytes() == journal
    assert (
        runner.resume("small", entry.folder.home, "inline").numbers()
        == Frontier.of(trials, entry.search.objective_table()).numbers()
    )


def test_a_certificate_of_an_exported_member_is_logged_once(
    tracked: At, trials: list[Trial]
) -> None:
    entry = tracked("mlflow.db")
    (member, *_) = Frontier.of(trials, entry.search.objective_table()).members
    Mirror(entry).sync()
    said = {
        "format": certificate.FORMAT,
        "model": {"trial": member.number, "target": "c"},
        "rows": 30,
        "host": {"bit_equal": 30},
        "devices": {"cortex-m4f": {"flash": 700, "compiler": "ziglang"}},
    }
    certificate.keep(said, entry.folder.certificates)
    try:
        assert Mirror(entry).sync() == 1
        run = runs_of(entry)[member.uid]
        assert json.loads(text_of(entry, run, "certificate-c.json")) == said
        assert run.data.tags["certificate.c.rows"] == "30"
        assert run.data.tags["certificate.c.cortex-m4f.flash"] == "700"
        assert Mirror(entry).sync() == 0
    finally:  # other tests share the search
        shutil.rmtree(entry.folder.certificates)
