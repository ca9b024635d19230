"""The mirror of a search that is live, interrupted, resumed, extended, or full of failures."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from frontier_search.cli import sync
from frontier_search.frontier.frontier import Frontier
from frontier_search.mirror import payload
from frontier_search.mirror.mirror import Mirror
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.storage.reader import TrialReader
from frontier_search.trial import Outcome, SeedOutcome, Trial
from tests.support import fakes
from tests.support.reading import At, runs_of

pytestmark = pytest.mark.usefixtures("quick_models")


@pytest.fixture
def new_home(empty_database: Path, tmp_path: Path) -> Path:
    """A home without searches, with an empty MLflow database."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(empty_database, home / "mlflow.db")
    return home


@pytest.fixture
def started(entry: Entry, new_home: Path) -> tuple[Entry, Session]:
    """A search of eight trials for the fake trainer; some of its trials fail."""
    search = replace(entry.search, name="played", trials=8, cohort=2)
    defined = catalog.define(search, new_home)
    return defined, Session(search, defined.open_storage(writable=True))


def tell_one(session: Session) -> None:
    cohort = session.ask()
    assert cohort is not None
    session.tell(cohort, fakes.train_all(session, cohort))


def test_a_live_search_is_running_and_an_interrupted_one_is_killed(
    started: tuple[Entry, Session],
) -> None:
    entry, session = started
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


def test_the_tag_of_members_follows_the_frontier(started: tuple[Entry, Session]) -> None:
    entry, session = started
    mirror = Mirror(entry)
    while (cohort := session.ask()) is not None:
        session.tell(cohort, fakes.train_all(session, cohort))
        mirror.sync(live=True)
        marked = {
            uid
            for uid, run in runs_of(entry).items()
            if run.data.tags.get("frontier.member") == "true"
        }
        assert marked == {
            trial.uid for trial in Frontier.of(session.trials, session.objectives).members
        }


def test_the_model_of_a_former_member_is_deleted(tracked: At, trials: list[Trial]) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mirror.sync()
    client, best = (
        mirror.client.mlflow,
        Frontier.of(trials, entry.search.objective_table()).members[-1],
    )
    run_id = runs_of(entry)[best.uid].info.run_id
    model = client.create_logged_model(mirror.experiment_id, "trial", run_id)
    client.set_tag(run_id, payload.MODEL, model.model_id)
    better = replace(
        best,
        number=99,
        uid="small/99",
        objectives={"loss": 0.0, "params": 1},
        size=best.size | {"effective": 1},
    )
    for _ in range(2):  # the second time as if the answer to the first had been lost
        client.set_tag(run_id, payload.MODEL, model.model_id)
        client.set_tag(run_id, payload.MEMBER, "true")
        again = Mirror(entry)
        again._reader.trials = lambda: [*trials, better]  # type: ignore[method-assign]
        again.sync(live=True)
        tags = runs_of(entry)[best.uid].data.tags
        assert (tags[payload.MEMBER], tags[payload.MODEL]) == ("false", payload.LEFT_FRONTIER)
    assert not client.search_logged_models([mirror.experiment_id])


def test_failed_trials_and_infinite_metrics_are_named_in_tags(entry: Entry, new_home: Path) -> None:
    search = replace(entry.search, name="wild", trials=2, cohort=2)
    wild = catalog.define(search, new_home)
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
    assert not {
        name
        for name, value in diverged.data.metrics.items()
        if abs(value) > 1e300 and "test_loss" not in name
    }
    assert "loss" not in diverged.data.metrics
    assert "seeds/val_loss" in diverged.data.tags["not_finite"]
    assert runs["wild"].info.status == "FINISHED"


def test_the_end_completes_what_was_drawn_while_the_search_ran(
    started: tuple[Entry, Session],
) -> None:
    entry, session = started
    fakes.play(session)
    mirror = Mirror(entry)
    mirror.sync(live=True)
    assert not any("frontier.chance" in run.data.tags for run in runs_of(entry).values())
    mirror.sync(live=False)
    runs = runs_of(entry)
    members = [run for run in runs.values() if run.data.tags.get("frontier.member") == "true"]
    assert members
    assert all("frontier.chance" in run.data.tags for run in members)
    assert Mirror(entry).sync() == 0


def test_a_larger_budget_is_mirrored_in_the_same_run(started: tuple[Entry, Session]) -> None:
    entry, session = started
    fakes.play(session)
    Mirror(entry).sync()
    larger = catalog.extend(entry, 10)
    Mirror(larger).sync()
    assert runs_of(larger)["played"].info.status == "KILLED"
    fakes.play(Session(larger.search, larger.open_storage(writable=True)))
    Mirror(larger).sync()
    runs = runs_of(larger)
    assert len(runs) == 11
    assert (runs["played"].info.status, runs["played"].data.tags["trials"]) == ("FINISHED", "10")


def test_a_search_without_trials_is_mirrored(entry: Entry, new_home: Path) -> None:
    empty = catalog.define(replace(entry.search, name="empty"), new_home)
    Mirror(empty).sync()
    assert runs_of(empty)["empty"].info.status == "KILLED"


def test_more_seeds_than_one_request_can_hold(entry: Entry, new_home: Path) -> None:
    search = replace(entry.search, name="many", trials=1, cohort=1, seeds=tuple(range(600)))
    many = catalog.define(search, new_home)
    session = Session(search, many.open_storage(writable=True))
    cohort = session.ask()
    assert cohort is not None
    metrics = {f"{split}_loss": 0.5 for split in ("train", "val", "test")}
    session.tell(
        cohort, [Outcome(tuple(SeedOutcome(seed, metrics, 1, 2, 0.1) for seed in search.seeds))]
    )
    mirror = Mirror(many)
    mirror.sync()
    run_id = runs_of(many)["many/0"].info.run_id
    assert len(mirror.client.mlflow.get_metric_history(run_id, "seeds/val_loss")) == 600


def test_a_search_may_end_because_its_time_is_used_up(started: tuple[Entry, Session]) -> None:
    entry, session = started
    tell_one(session)
    for budget_s, spent in ((None, False), (1e6, False), (0.5, True)):
        timed = replace(entry, search=replace(entry.search, time_budget_s=budget_s))
        history = TrialReader(timed)
        assert history.is_spent(history.trials()) is spent


def test_a_missing_dataset_file_still_has_its_digest(entry: Entry) -> None:
    about = payload.dataset(
        replace(entry.search, dataset="/gone/flowers.csv", dataset_sha256="ab" * 32)
    )
    assert about["name"] == "/gone/flowers.csv"
    assert about["digest"] == "ab" * 18


def test_the_command_says_how_many_runs_it_changed(started: tuple[Entry, Session]) -> None:
    entry, session = started
    fakes.play(session)
    for expected in ("9 runs", "0 runs"):
        done = CliRunner().invoke(sync.command, ["played", "--home", str(entry.folder.home)])
        assert done.exit_code == 0, done.output
        assert expected in done.stderr
        assert done.stdout == ""
