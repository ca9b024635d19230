"""Following a live search: if MLflow fails, nothing is raised, and the mirror catches up."""

from __future__ import annotations

import logging
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from frontier_search.errors import SearchError, SpecError
from frontier_search.mirror import follow
from frontier_search.mirror.mirror import Mirror
from frontier_search.storage.catalog import Entry
from tests.support.reading import At

pytestmark = pytest.mark.usefixtures("quick_models")

OVER = ("begins small",)  # what a process has written that is gone


@pytest.fixture(autouse=True)
def _short_timeouts(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    # importing mlflow.pytorch may set the root logger to ERROR
    caplog.set_level(logging.WARNING, logger=follow.log.name)


class Failing(BaseHTTPRequestHandler):
    """Answers 500, at once or after hanging."""

    hang: ClassVar[threading.Event | None] = None

    def do_GET(self) -> None:
        if self.hang is not None:
            self.hang.wait(20)
        self.send_response(500)
        self.end_headers()

    do_POST = do_GET  # noqa: N815  # http.server needs this name

    def log_message(self, format: str, *args: object) -> None:
        """Writes no log."""


@contextmanager
def failing_server(hang: bool) -> Iterator[str]:
    release = threading.Event()
    handler = type("Handler", (Failing,), {"hang": release if hang else None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        release.set()
        server.shutdown()
        server.server_close()
        thread.join()


def refusing_uri() -> str:
    """Returns the address of a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def mirror_at(entry: Entry, uri: str) -> Mirror:
    return Mirror(replace(entry, locations=replace(entry.locations, tracking_uri=uri)))


def statuses(entry: Entry) -> set[str]:
    client = MlflowClient(entry.locations.tracking_uri)
    experiment = client.get_experiment_by_name(entry.search.name)
    return {
        run.info.status
        for run in client.search_runs([experiment.experiment_id], "", ViewType.ACTIVE_ONLY, 1000)
    }


@pytest.mark.parametrize("way", ["refuses", "hangs", "500"])
def test_a_failing_server_raises_nothing(
    way: str, entry: Entry, caplog: pytest.LogCaptureFixture
) -> None:
    def check(uri: str) -> None:
        start = time.monotonic()
        with pytest.raises(SearchError, match="cannot be brought up to date"):
            mirror_at(entry, uri).sync()
        assert not follow.follow(OVER, lambda _: mirror_at(entry, uri), every_s=0.05)
        assert time.monotonic() - start < 20
        lines = [record.getMessage() for record in caplog.records if record.name == follow.log.name]
        assert len(lines) == follow.LAST_TRIES
        assert all("the mirror is behind" in line and "\n" not in line for line in lines)

    if way == "refuses":
        check(refusing_uri())
    else:
        with failing_server(hang=way == "hangs") as uri:
            check(uri)


def test_it_syncs_once_after_the_search_has_ended(tracked: At) -> None:
    entry = tracked("mlflow.db")
    assert follow.follow(OVER, lambda _: Mirror(entry), every_s=0.05)
    assert statuses(entry) == {"FINISHED"}


def test_it_follows_until_the_process_that_runs_the_search_is_gone(
    tracked: At, caplog: pytest.LogCaptureFixture
) -> None:
    """MLflow fails at first. When the search has ended, MLflow holds everything."""
    entry = tracked("mlflow.db")
    mirror, syncs = Mirror(entry), []
    sync = mirror.sync

    def sometimes(live: bool | None = None) -> int:
        syncs.append(live)
        if len(syncs) == 1:
            raise SearchError("MLflow is down")
        return sync(live)

    mirror.sync = sometimes  # type: ignore[method-assign]
    lines = Lines()
    with entry.folder.lock():
        thread = threading.Thread(target=follow.follow, args=(lines, lambda _: mirror, 0.05))
        thread.start()
        lines.write("begins small")
        _until(lambda: len(syncs) >= 3)
        # the run of the search, and those of its trials
        assert statuses(entry) == {"RUNNING", "FINISHED"}
        lines.close()
    thread.join(30)
    assert not thread.is_alive()
    assert syncs[-1] is None
    assert statuses(entry) == {"FINISHED"}
    assert "MLflow is down" in caplog.text


def test_a_foreign_experiment_stops_it(tracked: At, caplog: pytest.LogCaptureFixture) -> None:
    entry = tracked("mlflow.db")
    MlflowClient(entry.locations.tracking_uri).create_experiment("small")
    assert not follow.follow(["begins small"], lambda _: Mirror(entry), every_s=0.05)
    assert "not a search" in caplog.text


def test_one_process_follows_several_searches(
    tracked: At, caplog: pytest.LogCaptureFixture
) -> None:
    """One that cannot be mirrored keeps the other from nothing."""
    entry, found = tracked("mlflow.db"), list[str]()

    def find(name: str) -> Mirror:
        found.append(name)
        if name == "gone":
            raise SpecError("there is no search named 'gone'")
        return Mirror(entry)

    lines = ["begins gone", "begins small", "ends small", "ends gone"]
    assert not follow.follow(lines, find, every_s=0.05)
    assert found == ["gone", "small"]
    assert statuses(entry) == {"FINISHED"}
    assert caplog.text.count("the mirror stops") == 1


def test_a_search_that_another_process_resumes_stays_running(tracked: At) -> None:
    """Ours has died, and its lock is another's before the mirror has noticed."""
    entry = tracked("mlflow.db")
    larger = replace(entry, search=replace(entry.search, trials=entry.search.trials + 1))
    with entry.folder.lock():
        assert follow.follow(OVER, lambda _: Mirror(larger), every_s=0.05)
    assert statuses(entry) == {"RUNNING", "FINISHED"}


def test_the_command_follows(tracked: At) -> None:
    """As the driver starts it: a process that ends by itself with exit code 0."""
    entry = tracked("unused.db")
    command = [sys.executable, "-m", "frontier_search", "sync", "small"]
    command += ["--home", str(entry.folder.home), "--follow"]
    done = subprocess.run(
        command, input="begins small\n", capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "progress: " in done.stdout
    assert (entry.folder.home / "mlflow.db").exists()


def test_a_search_that_never_began_is_not_mirrored(tmp_path: Path) -> None:
    """Its folder may be gone by then: a search that is refused is removed."""
    command = [sys.executable, "-m", "frontier_search", "sync", "nothing"]
    command += ["--home", str(tmp_path), "--follow"]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not list(tmp_path.iterdir())


class Lines:
    """Lines that are written while they are read."""

    def __init__(self) -> None:
        self._written: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def __iter__(self) -> Iterator[str]:
        return iter(self._written.get, None)

    def write(self, line: str) -> None:
        self._written.put(line)

    def close(self) -> None:
        self._written.put(None)


def _until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
