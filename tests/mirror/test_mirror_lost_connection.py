"""A mirror that loses its connection to MLflow: the next one completes it, and repeats nothing."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from frontier_search.errors import SearchError
from frontier_search.mirror import client, transaction
from frontier_search.mirror.mirror import Mirror
from frontier_search.storage.catalog import Entry
from tests.support.reading import At, rows_of, runs_of


class LosesConnection:
    """A client that loses the connection at its k-th write. Every later write fails.

    Args:
        mlflow: its own client.
        k: from 1.
        carried_out: whether the server carries out the k-th write, although its answer is lost.
        writes: the methods that count as writes.
    """

    WRITES = (
        "create_run",
        "log_batch",
        "set_terminated",
        "log_text",
        "log_inputs",
        "create_experiment",
        "log_outputs",
        "log_model_artifacts",
    )
    MODEL_WRITES = (
        "create_logged_model",
        "log_outputs",
        "log_model_artifacts",
        "finalize_logged_model",
    )

    def __init__(
        self, mlflow: MlflowClient, k: int, carried_out: bool, writes: Sequence[str] = WRITES
    ) -> None:
        self._client, self._writes_left, self._carried_out, self._writes = (
            mlflow,
            k,
            carried_out,
            writes,
        )

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return self.losing(method) if name in self._writes else method

    def losing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Returns a write that may lose the connection."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self._writes_left -= 1
            if self._writes_left > 0:
                return method(*args, **kwargs)
            if self._writes_left == 0 and self._carried_out:
                method(*args, **kwargs)
            raise ConnectionError("the connection is lost")

        return call


@pytest.fixture(scope="module")
def whole(entry: Entry, empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Entry:
    """The search in a database that was mirrored without an error."""
    path = tmp_path_factory.mktemp("whole") / "mlflow.db"
    shutil.copy(empty_database, path)
    found = replace(entry, locations=replace(entry.locations, tracking_uri=f"sqlite:///{path}"))
    Mirror(found).sync()
    return found


@pytest.mark.parametrize("where", ["server", "database"])
@pytest.mark.parametrize("carried_out", [False, True])
def test_a_lost_connection_leaves_no_second_copy(
    whole: Entry, tracked: At, carried_out: bool, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = tracked("mlflow.db")
    write = transaction.write
    if where == "server":
        monkeypatch.setattr(transaction, "store_of", lambda client: None)
    monkeypatch.setattr(client, "RUNS_AT_ONCE", 2)
    for k in (1, 2, 3, 5, 6, 7, 8, 20, 41, 44, 46, 50):
        mirror = Mirror(entry)
        loses = LosesConnection(mirror.client.mlflow, k, carried_out)
        mirror.client._mlflow = loses  # type: ignore[assignment]
        monkeypatch.setattr(transaction, "write", loses.losing(write))
        with contextlib.suppress(SearchError):  # for a large k there may be nothing left to write
            mirror.sync()
    monkeypatch.setattr(transaction, "write", write)
    Mirror(entry).sync()
    expected, runs = runs_of(whole), runs_of(entry)
    assert {uid: run.data.metrics for uid, run in runs.items()} == {
        uid: run.data.metrics for uid, run in expected.items()
    }
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert rows_of(entry)["metrics"] == rows_of(whole)["metrics"]
    assert rows_of(entry)["logged_models"] == rows_of(whole)["logged_models"]
    assert Mirror(entry).sync() == 0


@pytest.mark.parametrize("carried_out", [False, True])
def test_the_next_mirror_completes_a_model_after_a_lost_connection_at_each_step(
    whole: Entry, tracked: At, carried_out: bool
) -> None:
    entry = tracked("mlflow.db")
    # each k is a step of the same model, or of the next one after a last step that was carried out
    for k in range(1, len(LosesConnection.MODEL_WRITES) + 1):
        mirror = Mirror(entry)
        mirror.client._mlflow = LosesConnection(
            mirror.client.mlflow, k, carried_out, LosesConnection.MODEL_WRITES
        )  # type: ignore[assignment]
        with pytest.raises(SearchError, match="the connection is lost"):
            mirror.sync()
    Mirror(entry).sync()
    for table in ("logged_models", "inputs"):
        assert rows_of(entry)[table] == rows_of(whole)[table]
    assert {run.info.status for run in runs_of(entry).values()} == {"FINISHED"}


def test_a_mirror_works_again_after_an_error(tracked: At, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "store_of", lambda client: None)  # as many writes as a server
    entry = tracked("mlflow.db")
    mirror = Mirror(entry)
    mlflow = mirror.client.mlflow
    for k in (4, 30):
        mirror.client._mlflow = LosesConnection(mlflow, k, carried_out=True)  # type: ignore[assignment]
        with pytest.raises(SearchError):
            mirror.sync(live=True)
    mirror.client._mlflow = mlflow
    mirror.sync(live=False)
    assert {run.info.status for run in runs_of(entry).values()} == {"FINISHED"}
