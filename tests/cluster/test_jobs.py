"""Searches that are submitted, stopped and resumed on a real head node of Ray with a token.

Their trials equal those of a search run on this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from frontier_search import runner
from frontier_search.cli.main import group
from frontier_search.cluster import token, tunnel
from frontier_search.errors import SpecError
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from frontier_search.trial import Trial
from tests.faults.comparing import plain
from tests.support import processes, s3

pytest.importorskip(
    "aiohttp_cors",
    reason="ray[default] (the extra `cluster`) is missing: the Jobs API is NOT tested",
)

START_S, SEARCH_S = 90.0, 180.0
SPEC = {
    "name": "far-1",
    "dataset": "iris",
    "families": ["dense"],
    "trials": 8,
    "cohort": 2,
    "in_flight": 2,
    "seeds": 2,
    "epochs": 40,
}


@dataclass(frozen=True)
class Head:
    """A running head node: its URL, its home of searches, and the S3 server that it uses."""

    url: str
    home: Path
    server: s3.Server

    def run(self, command: str, *arguments: str) -> Result:
        """Runs one of our commands on this cluster."""
        return CliRunner().invoke(group, [command, *arguments, "--cluster", self.url])


def ports(count: int) -> list[int]:
    """Returns different free ports of loopback."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    found = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return found


def start(home: Path, settings: dict[str, str]) -> tuple[subprocess.Popen[bytes], str]:
    """Starts a head node with its dashboard on loopback; returns its process and its URL."""
    gcs, dashboard, client, agent = ports(4)
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    command += ["--num-cpus=1", "--object-store-memory=100000000", "--disable-usage-stats"]
    command += ["--no-monitor"]  # it would start and end machines
    command += ["--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1"]
    command += [f"--port={gcs}", f"--dashboard-port={dashboard}"]
    command += [f"--ray-client-server-port={client}", f"--dashboard-agent-listen-port={agent}"]
    command += [f"--temp-dir={home / 'ray'}"]
    environment = (
        os.environ | processes.ENVIRONMENT | settings | {"FRONTIER_SEARCH_HOME": str(home / "runs")}
    )
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True, cwd=home
        )
    url, end = f"http://127.0.0.1:{dashboard}", time.monotonic() + START_S
    while tunnel.status_without_token(url) is None:
        assert process.poll() is None, (home / "log").read_text()
        assert time.monotonic() < end, (home / "log").read_text()
        time.sleep(0.2)
    return process, url


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    """A head node that wants a token and, as in cluster/gpu.yaml, keeps outcomes in a bucket."""
    with (
        s3.running() as server,
        tempfile.TemporaryDirectory(prefix="h-", ignore_cleanup_errors=True) as folder,
    ):
        home, secret = Path(folder), Path(folder) / "secrets" / "auth_token"
        token.make(secret)
        settings = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(secret)}
        process, url = start(
            home, settings | {"FRONTIER_SEARCH_OUTCOMES": f"s3://{s3.BUCKET}/outcomes"}
        )
        before = os.environ.get("RAY_AUTH_TOKEN_PATH")
        os.environ["RAY_AUTH_TOKEN_PATH"] = str(secret)
        try:
            yield Head(url, home / "runs", server)
        finally:
            os.environ.pop("RAY_AUTH_TOKEN_PATH")
            if before is not None:
                os.environ["RAY_AUTH_TOKEN_PATH"] = before
            processes.end(process)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """The trials of the same search, run here without disturbance."""
    home = tmp_path_factory.mktemp("twin")
    runner.run(Search.from_spec(SPEC), home, "inline")
    return catalog.read_trials(catalog.find("far-1", home))


def state(head: Head) -> str:
    """Returns the state of the latest session."""
    return str(json.loads(head.run("list", "--format", "json").stdout)[-1]["state"])


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)
def test_a_stopped_search_continues_and_equals_its_twin(
    head: Head, twin: list[Trial], tmp_path: Path
) -> None:
    question = tmp_path / "question.yaml"
    question.write_text(Search.from_spec(SPEC).to_yaml())
    asked = (str(question), "--no-mirror")
    submitted = head.run("submit", *asked, "--detach")
    assert submitted.exit_code == 0, submitted.output
    deadline = time.monotonic() + SEARCH_S
    while not head.server.written("outcomes/far-1/outcomes/"):
        assert time.monotonic() < deadline, head.run("logs", "far-1").output
        time.sleep(0.05)
    refused = head.run("submit", *asked, "--detach")
    assert isinstance(refused.exception, SpecError)
    assert "has not ended on the cluster" in str(refused.exception)
    assert head.run("stop", "far-1").exit_code == 0
    while state(head) in ("RUNNING", "PENDING"):
        time.sleep(0.2)
    followed = head.run("submit", *asked)
    assert followed.exit_code == 0, followed.output
    assert "far-1: 8/8 trials" in followed.output
    rows = json.loads(head.run("list", "--format", "json").stdout)
    assert [(row["search"], row["session"], row["id"]) for row in rows] == [
        ("far-1", 1, "far-1"),
        ("far-1", 2, "far-1~2"),
    ]
    assert rows[-1]["state"] == "SUCCEEDED"
    trials = catalog.read_trials(catalog.find("far-1", head.home))
    assert [plain(trial) for trial in trials] == [plain(trial) for trial in twin]
    assert "8/8 trials" in head.run("logs", "far-1").output
    unknown = head.run("attach", "far-2")
    assert "Did you mean 'far-1'" in str(unknown.exception)

    assert not (head.home / "far-1" / "outcomes").exists()
    assert not (head.home / "mlflow.db").exists()
    recorded = head.server.written("outcomes/far-1/told/0")
    shutil.rmtree(head.home)  # a new head node has an empty disk
    assert head.run("submit", *asked).exit_code == 0
    again = catalog.read_trials(catalog.find("far-1", head.home))
    # the same workers and the same seconds: nothing was trained again
    assert [trial.outcome for trial in again] == [trial.outcome for trial in trials]
    assert head.server.written("outcomes/far-1/told/0") == recorded


def test_a_wrong_token_and_an_unencrypted_connection_are_refused(
    head: Head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tunnel.status_without_token(head.url) == 401
    other = tmp_path / "auth_token"
    token.make(other)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(other))
    assert "refuses" in str(head.run("list").exception)
    far = CliRunner().invoke(group, ["list", "--cluster", "http://192.0.2.1:8265"])
    assert "traffic is not encrypted" in str(far.exception)


def test_a_cluster_that_answers_without_a_token_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="h-", ignore_cleanup_errors=True) as folder:
        process, url = start(Path(folder), {"RAY_AUTH_MODE": "disabled"})
        try:
            token.make(tmp_path / "auth_token")
            monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "auth_token"))
            result = CliRunner().invoke(group, ["submit", "--dataset", "iris", "--cluster", url])
        finally:
            processes.end(process)
    assert isinstance(result.exception, SpecError)
    assert "answers without a token (HTTP 200)" in str(result.exception)
