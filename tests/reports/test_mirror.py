"""The mirror, against real MLflow databases: it adds what is missing and nothing twice, whatever happened before."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType

from frontier_search import launch, library
from frontier_search.cli import sync
from frontier_search.errors import SearchError, SpecError
from frontier_search.frontier import Frontier, HypervolumeMeter
from frontier_search.library import Entry
from frontier_search.reports import contents, curve, models, tracking
from frontier_search.reports.charts import VIEW_TAG
from frontier_search.reports.history import History
from frontier_search.reports.mirror import HYPERVOLUME, Mirror
from frontier_search.session import Session
from frontier_search.trial import Outcome, SeedOutcome, Trial, TrialState
from tests import fakes

At = Callable[[str], Entry]


@pytest.fixture
def real_models() -> None:
    """Asked for by a test in which models are exported; the others take a third of a second less for each."""


@pytest.fixture(autouse=True)
def _models(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real_models" not in request.fixturenames:
        monkeypatch.setattr(models, "log", lambda *_: "m-0")


def runs_of(entry: Entry, view: int = ViewType.ACTIVE_ONLY) -> dict[str, Run]:
    """Every run of the search's experiment, by uid; fails when two have the same."""
    client = MlflowClient(entry.place.tracking_uri)
    experiment = client.get_experiment_by_name(entry.search.name)
    runs = list(client.search_runs([experiment.experiment_id], "", view, 1000))
    by_uid = {run.data.tags["uid"]: run for run in runs}
    assert len(by_uid) == len(runs)
    return by_uid


def rows_of(entry: Entry) -> dict[str, int]:
    """How many rows each table of the database has."""
    with sqlite3.connect(entry.place.tracking_uri.removeprefix("sqlite:///")) as database:
        names = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        return {name: database.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names}


def text_of(entry: Entry, run: Run, name: str) -> str:
    return Path(MlflowClient(entry.place.tracking_uri).download_artifacts(run.info.run_id, name)).read_text()


def test_a_search_and_its_trials(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    assert Mirror(entry).sync() == 13
    runs = runs_of(entry)
    parent = runs.pop("small")
    assert set(runs) == {trial.uid for trial in trials}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {parent.info.run_id}
    assert {run.info.status for run in [parent, *runs.values()]} == {"FINISHED"}
    trial = trials[5]
    data = runs[trial.uid].data
    assert data.params == {"family": trial.candidate.family} | {k: str(v) for k, v in trial.candidate.hyperparameters.items()}
    assert data.metrics["loss"] == trial.objectives["loss"]
    assert data.metrics["params"] == trial.size["effective"]
    assert data.metrics["raw_params"] == trial.size["raw"]
    assert data.metrics["log10_params"] == pytest.approx(math.log10(trial.size["effective"]))
    assert data.metrics["val_loss/seed_202"] == trial.seeds[1].metrics["val_loss"]
    assert data.metrics["test_loss/seed_303"] == trial.seeds[2].metrics["test_loss"]
    assert data.metrics["seconds"] == pytest.approx(trial.outcome.seconds if trial.outcome else None)
    assert data.tags["state"] == "complete"
    assert runs[trial.uid].info.run_name == f"{trial.number} {trial.candidate.family}"
    assert runs[trial.uid].info.end_time == contents.milliseconds(trial.finished_at)


def test_the_parent_holds_the_search(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    parent, search = runs_of(entry)["small"], entry.search
    assert text_of(entry, parent, "search.yaml") == search.to_yaml()
    assert parent.data.params["dataset"] == "iris"
    assert "families.dense" in parent.data.params
    assert parent.data.tags["fingerprint"] == search.fingerprint()
    assert {"version.torch", "version.ray", "version.optuna", "version.mlflow", "version.python"} <= set(parent.data.tags)
    (dataset,) = parent.inputs.dataset_inputs
    assert dataset.dataset.name == "iris"
    members = Frontier.of(trials, search.objective_table()).members
    table = json.loads(text_of(entry, parent, "frontier.json"))
    assert [row[0] for row in table["data"]] == [member.number for member in members]
    assert "trial 0" in text_of(entry, parent, "frontier.html")
    assert len(text_of(entry, parent, "frontier.csv").splitlines()) == len(members) + 1


def test_hypervolume_is_logged_against_trials(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    parent = runs_of(entry)["small"]
    history = MlflowClient(entry.place.tracking_uri).get_metric_history(parent.info.run_id, HYPERVOLUME)
    values = {point.step: point.value for point in history}
    assert sorted(values) == list(range(1, 13))
    meter = HypervolumeMeter(trials, entry.search.objective_table())
    assert values[12] == pytest.approx(meter.of(trials))
    assert values[7] == pytest.approx(meter.of(trials[:7]))
    assert all(values[k] <= values[k + 1] for k in range(1, 12))


def test_members_are_marked(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    marked = {uid for uid, run in runs_of(entry).items() if run.data.tags.get("frontier.member") == "true"}
    assert marked == {trial.uid for trial in Frontier.of(trials, entry.search.objective_table()).members}
    client = MlflowClient(entry.place.tracking_uri)
    assert json.loads(client.get_experiment_by_name("small").tags[VIEW_TAG])["compareRunCharts"]


def test_again_changes_nothing(tracked: At) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mirror.sync()
    before, rows = runs_of(entry), rows_of(entry)
    assert mirror.sync() == 0
    assert Mirror(entry).sync() == 0
    assert rows_of(entry) == rows
    after = runs_of(entry)
    assert {uid: run.data.to_dictionary() for uid, run in after.items()} == {uid: run.data.to_dictionary() for uid, run in before.items()}


def test_into_a_second_empty_server(tracked: At) -> None:
    first, second = tracked("one.db"), tracked("two.db")
    Mirror(first).sync()
    Mirror(second).sync()
    one, two = runs_of(first), runs_of(second)
    assert {uid: run.data.metrics for uid, run in one.items()} == {uid: run.data.metrics for uid, run in two.items()}
    assert {uid: run.data.params for uid, run in one.items()} == {uid: run.data.params for uid, run in two.items()}


class Dying:
    """A client that loses the connection at its k-th write: that request is carried out or not, and then every write fails."""

    WRITES = ("create_run", "log_batch", "set_terminated", "log_text", "log_inputs", "create_experiment", "log_outputs", "log_model_artifacts")

    def __init__(self, client: MlflowClient, k: int, carried_out: bool) -> None:
        self._client, self._left, self._carried_out = client, k, carried_out

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name not in self.WRITES:
            return method

        def call(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left > 0:
                return method(*args, **kwargs)
            if self._left == 0 and self._carried_out:
                method(*args, **kwargs)
            raise ConnectionError("the line went dead")

        return call


@pytest.mark.usefixtures("real_models")
@pytest.mark.parametrize("carried_out", [False, True])
def test_a_death_in_the_middle_leaves_no_second_copy(tracked: At, carried_out: bool) -> None:
    whole, entry = tracked("whole.db"), tracked("mlflow.db")
    Mirror(whole).sync()
    for k in (1, 2, 3, 5, 6, 7, 8, 20, 41, 44, 46, 50):
        mirror = Mirror(entry)
        mirror.tracking._client = Dying(mirror.tracking.client, k, carried_out)  # type: ignore[assignment]
        with contextlib.suppress(SearchError):  # the later ks may find nothing left to write
            mirror.sync()
    Mirror(entry).sync()
    expected, runs = runs_of(whole), runs_of(entry)
    assert {uid: run.data.metrics for uid, run in runs.items()} == {uid: run.data.metrics for uid, run in expected.items()}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert rows_of(entry)["metrics"] == rows_of(whole)["metrics"]
    assert rows_of(entry)["logged_models"] == rows_of(whole)["logged_models"]
    assert Mirror(entry).sync() == 0


def test_the_same_mirror_goes_on_after_an_error(tracked: At) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    client = mirror.tracking.client
    for k in (4, 30):
        mirror.tracking._client = Dying(client, k, carried_out=True)  # type: ignore[assignment]
        with pytest.raises(SearchError):
            mirror.sync(live=True)
    mirror.tracking._client = client
    mirror.sync(live=False)
    assert {run.info.status for run in runs_of(entry).values()} == {"FINISHED"}


def test_answers_in_parts(tracked: At, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = tracked("mlflow.db")
    Mirror(entry).sync()
    monkeypatch.setattr(tracking, "ANSWER_RUNS", 5)
    assert Mirror(entry).sync() == 0


def test_two_runs_of_one_trial_become_one(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mirror.sync()
    mirror.tracking.client.create_run(mirror.experiment_id, tags={"uid": trials[3].uid, "kind": "trial"})
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
    MlflowClient(foreign.place.tracking_uri).create_experiment("small")
    with pytest.raises(SpecError, match="not a search"):
        Mirror(foreign).sync()


def test_what_was_deleted_comes_back(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mirror.sync()
    client = mirror.tracking.client
    client.delete_run(runs_of(entry)[trials[2].uid].info.run_id)
    Mirror(entry).sync()
    assert len(runs_of(entry)) == 13
    client.delete_experiment(mirror.experiment_id)
    Mirror(entry).sync()
    assert len(runs_of(entry)) == 13


def test_files_are_beside_the_searches(entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that the mirror makes itself; nothing appears in the current folder beside it."""
    monkeypatch.chdir(tmp_path)
    entry = replace(entry, place=replace(entry.place, tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}"))
    Mirror(entry).sync()
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert (entry.folder.home / "mlartifacts" / "small").is_dir()
    assert {path.name for path in tmp_path.iterdir()} <= {"mlflow.db", "mlflow.db-wal", "mlflow.db-shm"}


# ---- a search that is live, interrupted, resumed -----------------------------------------------------------------------------------------


@pytest.fixture
def new_home(empty_database: Path, tmp_path: Path) -> Path:
    """An empty home, its MLflow database made already."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(empty_database, home / "mlflow.db")
    return home


@pytest.fixture
def playing(entry: Entry, new_home: Path) -> tuple[Entry, Session]:
    """A search of eight trials that a fake trainer plays, with failures among them."""
    search = replace(entry.search, name="played", trials=8, cohort=2)
    defined = library.define(search, new_home)
    return defined, Session(search, defined.open_storage(writable=True))


def tell_one(session: Session) -> None:
    cohort = session.ask()
    assert cohort is not None
    session.tell(cohort, fakes.train_all(session, cohort))


def test_a_live_search_is_running_and_an_interrupted_one_is_killed(playing: tuple[Entry, Session]) -> None:
    entry, session = playing
    mirror = Mirror(entry)
    assert mirror.sync(live=True) == 1
    assert runs_of(entry)["played"].info.status == "RUNNING"
    tell_one(session)
    mirror.sync(live=True)
    assert len(runs_of(entry)) == 3
    Mirror(entry).sync()  # no process holds the search
    assert runs_of(entry)["played"].info.status == "KILLED"
    with entry.folder.lock():
        Mirror(entry).sync()
        assert runs_of(entry)["played"].info.status == "RUNNING"
        fakes.play(session)
    mirror.sync()
    runs = runs_of(entry)
    assert len(runs) == 9
    assert "RUNNING" not in {run.info.status for run in runs.values()}
    assert runs["played"].info.status == "FINISHED"


def test_the_mark_follows_the_frontier(playing: tuple[Entry, Session]) -> None:
    entry, session = playing
    mirror = Mirror(entry)
    while (cohort := session.ask()) is not None:
        session.tell(cohort, fakes.train_all(session, cohort))
        mirror.sync(live=True)
        marked = {uid for uid, run in runs_of(entry).items() if run.data.tags.get("frontier.member") == "true"}
        assert marked == {trial.uid for trial in Frontier.of(session.trials, session.objectives).members}


def test_a_model_goes_with_its_member(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mirror.sync()
    client, best = mirror.tracking.client, Frontier.of(trials, entry.search.objective_table()).members[-1]
    run_id = runs_of(entry)[best.uid].info.run_id
    model = client.create_logged_model(mirror.experiment_id, "trial", run_id)
    client.set_tag(run_id, contents.MODEL, model.model_id)
    better = replace(best, number=99, uid="small/99", objectives={"loss": 0.0, "params": 1}, size=best.size | {"effective": 1})
    for _ in range(2):  # the second time as if the answer to the first had been lost
        client.set_tag(run_id, contents.MODEL, model.model_id)
        client.set_tag(run_id, contents.MEMBER, "true")
        again = Mirror(entry)
        again._history.trials = lambda: [*trials, better]  # type: ignore[method-assign]
        again.sync(live=True)
        tags = runs_of(entry)[best.uid].data.tags
        assert (tags[contents.MEMBER], tags[contents.MODEL]) == ("false", contents.LEFT)
    assert not client.search_logged_models([mirror.experiment_id])


def test_failures_and_infinities(entry: Entry, new_home: Path) -> None:
    search = replace(entry.search, name="wild", trials=2, cohort=2)
    wild = library.define(search, new_home)
    session = Session(search, wild.open_storage(writable=True))
    cohort = session.ask()
    assert cohort is not None
    metrics = {"train_loss": math.inf, "val_loss": math.nan, "test_loss": 1e308}
    reason = "out of memory " + "x" * 9000
    seeds = tuple(SeedOutcome(seed, metrics, 1, 2, 0.1, diverged_epoch=1) for seed in search.seeds)
    session.tell(cohort, [Outcome(seeds), Outcome((), reason)])
    Mirror(wild).sync()
    runs = runs_of(wild)
    diverged, failed = runs["wild/0"], runs["wild/1"]
    assert (diverged.info.status, failed.info.status) == ("FAILED", "FAILED")
    assert "diverged" in diverged.data.tags["reason"]
    assert failed.data.tags["reason"].startswith("out of memory")
    assert not {name for name, value in diverged.data.metrics.items() if abs(value) > 1e300 and "test_loss" not in name}
    assert "loss" not in diverged.data.metrics
    assert "val_loss/seed_101" in diverged.data.tags["not_finite"]
    assert runs["wild"].info.status == "FINISHED"


def test_a_larger_budget_goes_on_in_the_same_run(playing: tuple[Entry, Session]) -> None:
    entry, session = playing
    fakes.play(session)
    Mirror(entry).sync()
    larger = library.extend(entry, 10)
    Mirror(larger).sync()
    assert runs_of(larger)["played"].info.status == "KILLED"
    fakes.play(Session(larger.search, larger.open_storage(writable=True)))
    Mirror(larger).sync()
    runs = runs_of(larger)
    assert len(runs) == 11
    assert (runs["played"].info.status, runs["played"].data.tags["trials"]) == ("FINISHED", "10")


def test_a_search_without_a_trial(entry: Entry, new_home: Path) -> None:
    empty = library.define(replace(entry.search, name="empty"), new_home)
    Mirror(empty).sync()
    assert runs_of(empty)["empty"].info.status == "KILLED"


def test_more_seeds_than_one_request_holds(entry: Entry, new_home: Path) -> None:
    search = replace(entry.search, name="many", trials=1, cohort=1, seeds=tuple(range(600)))
    many = library.define(search, new_home)
    session = Session(search, many.open_storage(writable=True))
    cohort = session.ask()
    assert cohort is not None
    metrics = {f"{split}_loss": 0.5 for split in ("train", "val", "test")}
    session.tell(cohort, [Outcome(tuple(SeedOutcome(seed, metrics, 1, 2, 0.1) for seed in search.seeds))])
    Mirror(many).sync()
    assert len([name for name in runs_of(many)["many/0"].data.metrics if name.startswith("val_loss/")]) == 600


def test_the_time_may_be_what_ends_a_search(playing: tuple[Entry, Session]) -> None:
    entry, session = playing
    tell_one(session)
    for budget_s, spent in ((None, False), (1e6, False), (0.5, True)):
        timed = replace(entry, search=replace(entry.search, time_budget_s=budget_s))
        history = History(timed)
        assert history.is_spent(history.trials()) is spent


def test_a_lost_dataset_file_has_its_digest_still(entry: Entry) -> None:
    about = contents.dataset(replace(entry.search, dataset="/gone/flowers.csv", dataset_sha256="ab" * 32))
    assert about["name"] == "/gone/flowers.csv"
    assert about["digest"] == "ab" * 18


def test_the_command_says_what_it_did(playing: tuple[Entry, Session]) -> None:
    entry, session = playing
    fakes.play(session)
    for expected in ("9 runs", "0 runs"):
        done = CliRunner().invoke(sync.command, ["played", "--home", str(entry.folder.home)])
        assert done.exit_code == 0, done.output
        assert expected in done.stderr
        assert done.stdout == ""


# ---- the curve -------------------------------------------------------------------------------------------------------------------------


def test_the_curve_waits_for_whole_cohorts(trials: list[Trial]) -> None:
    running = [replace(trial, state=TrialState.RUNNING) if trial.number == 5 else trial for trial in trials]
    assert [trial.number for trial in curve.settled(running)] == [0, 1, 2, 3]
    assert curve.settled(trials) == trials


def test_the_curve_has_two_hundred_points_at_most() -> None:
    assert len(curve.steps(5000, 5000, ended=True)) == 200
    assert curve.steps(7, 500, ended=False) == [3, 6]
    assert curve.steps(7, 500, ended=True) == [3, 6, 7]
    assert curve.steps(0, 100, ended=True) == []


def test_the_real_search_is_untouched(entry: Entry, trials: list[Trial], tracked: At) -> None:
    journal = (entry.folder.path / "journal.log").read_bytes()
    Mirror(tracked("mlflow.db")).sync()
    assert (entry.folder.path / "journal.log").read_bytes() == journal
    assert launch.resume("small", entry.folder.home, "inline").numbers() == Frontier.of(trials, entry.search.objective_table()).numbers()
