"""Many runs in one transaction of MLflow's database: as its own client writes them, all or none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from frontier_search.errors import SearchError
from frontier_search.mirror import client, transaction
from frontier_search.mirror.mirror import Mirror
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial
from tests.support.reading import At, rows_of, runs_of

pytestmark = pytest.mark.usefixtures("quick_models")


def of_runs(entry: Entry, uids: set[str]) -> dict[str, list[tuple[str, ...]]]:
    """Returns the rows of some runs by table, with a run's uid in place of its id, sorted."""
    names = {run.info.run_id: uid for uid, run in runs_of(entry).items()}
    home = entry.locations.tracking_uri.rsplit("/", 1)[-1]

    def known(value: Any) -> str:
        words = str(value).replace(home, "")
        for run_id, uid in names.items():
            words = words.replace(run_id, uid)
        return f"{type(value).__name__} {words}"

    found = {}
    path = entry.locations.tracking_uri.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        for table in (each.__tablename__ for each in transaction.TABLES):
            rows = database.execute(f"select * from {table}").fetchall()
            found[table] = sorted(
                tuple(f"{column} {known(row[column])}" for column in row.keys())  # noqa: SIM118  # a row of sqlite3 iterates over its values
                for row in rows
                if names[row["run_uuid"]] in uids
            )
    return found


def test_a_transaction_writes_the_rows_that_mlflows_client_writes(
    tracked: At, trials: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = tracked("mlflow.db"), tracked("theirs.db")
    Mirror(ours).sync()
    with monkeypatch.context() as patch:
        patch.setattr(transaction, "store_of", lambda client: None)
        Mirror(theirs).sync()
    uids = {trial.uid for trial in trials}
    written = of_runs(ours, uids)
    assert all(written.values())
    assert len(written["runs"]) == len(trials)
    assert written == of_runs(theirs, uids)
    assert rows_of(ours) == rows_of(theirs)


@pytest.mark.parametrize("k", range(1, len(transaction.TABLES) + 1))
def test_a_transaction_that_fails_leaves_nothing_and_the_next_sync_writes_all(
    k: int, tracked: At, trials: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, entry = tracked("whole.db"), tracked("mlflow.db")
    Mirror(whole).sync()
    mirror, made, calls = Mirror(entry), transaction.insert, iter(range(1, k + 1))

    def insert(table: Any) -> Any:
        if next(calls) == k:
            raise OSError("the disk is full")
        return made(table)

    with monkeypatch.context() as patch:
        patch.setattr(transaction, "insert", insert)
        with pytest.raises(SearchError, match="the disk is full"):
            mirror.sync()
    assert set(runs_of(entry)) == {"small"}
    mirror.sync()
    assert rows_of(entry) == rows_of(whole)
    assert len(runs_of(entry)) == len(trials) + 1


def test_a_deleted_experiment_is_refused_and_then_restored(
    tracked: At, trials: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mirror.sync()
    mirror.client.mlflow.delete_run(runs_of(entry)[trials[2].uid].info.run_id)
    mirror.client.mlflow.delete_experiment(mirror.experiment_id)
    experiment = mirror.client.mlflow.get_experiment(mirror.experiment_id)
    store = transaction.store_of(mirror.client.mlflow)
    assert store is not None
    with pytest.raises(client.MlflowException, match="'small' is deleted"):
        transaction.write(store, experiment, [])
    Mirror(entry).sync()
    assert len(runs_of(entry)) == len(trials) + 1
