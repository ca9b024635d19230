"""Serves MLflow's pages to this machine only, with links that open on a search's frontier."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from frontier_search import machine
from frontier_search.errors import SearchError
from frontier_search.mirror.artifacts import artifacts_folder
from frontier_search.mirror.mirror import Mirror
from frontier_search.mirror.view import frontier_link, page_link
from frontier_search.reports.page_server import HOST, free_port
from frontier_search.storage.catalog import Entry

START_S = 120.0  # MLflow takes about five seconds on an idle machine, and a minute on a busy one
STOP_S = 5.0


@dataclass(frozen=True)
class Pages:
    """The links to the pages of a search.

    Attributes:
        chart: opens MLflow on the frontier chart.
        page: the search's own interactive page, an artifact of its run.
        port: of the server that was started; 0 if the tracking URI is a server.
        process: that server, or None.
    """

    chart: str
    page: str
    port: int
    process: subprocess.Popen[bytes] | None


@contextmanager
def serve(
    entry: Entry, port: int, say: Callable[[str], None] = lambda words: None
) -> Iterator[Pages]:
    """Brings the mirror of a search up to date, and serves it inside the ``with`` block.

    If the tracking URI is http(s), it is a server already: nothing is started, and ``port`` has no
    effect.

    Args:
        port: of the server; 0 takes a free one.
        say: is called with what it does, in a few words.

    Raises:
        SpecError: the port is in use.
        SearchError: the server did not start, or MLflow cannot be brought up to date.
    """
    mirror = Mirror(entry, lambda words: say(f"MLflow is brought up to date: {words}"))
    if mirror.client.is_server:
        say("MLflow is brought up to date")
        mirror.sync()
        yield _pages(mirror.client.uri, mirror, 0, None)
        return
    port = free_port(port)
    with tempfile.NamedTemporaryFile(prefix="frontier-search-ui-", suffix=".log") as log:
        path, process = Path(log.name), None
        try:
            say("MLflow is brought up to date")
            if mirror.client.exists:  # it starts meanwhile
                process = _start(entry, port, path)
            mirror.sync()
            say("MLflow is starting")
            process = process or _start(entry, port, path)
            _wait(process, port, path)
            yield _pages(f"http://{HOST}:{port}", mirror, port, process)
        finally:
            say("MLflow is ending")
            if process is not None:
                _stop(process)


def _pages(
    base_url: str, mirror: Mirror, port: int, process: subprocess.Popen[bytes] | None
) -> Pages:
    return Pages(
        frontier_link(base_url, mirror.experiment_id),
        page_link(base_url, mirror.experiment_id, mirror.parent_run_id),
        port,
        process,
    )


def _start(entry: Entry, port: int, log: Path) -> subprocess.Popen[bytes]:
    """Starts MLflow's server, which answers only requests to this machine's own names.

    By default MLflow also accepts every private address as the host, and so requests that come from
    another site's page.
    """
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        entry.locations.tracking_uri,
    ]
    command += ["--host", HOST, "--port", str(port)]
    command += ["--workers", "1", "--allowed-hosts", f"localhost:{port},{HOST}:{port}"]
    command += ["--cors-allowed-origins", f"http://localhost:{port},http://{HOST}:{port}"]
    # without this option the server creates `mlartifacts` in the current folder
    command += ["--artifacts-destination", str(artifacts_folder(entry))]
    environment = {
        **os.environ,
        **machine.SAFE_PATH,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Waits until the server answers; raises SearchError with the end of its log if it does not."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    last_words = log.read_text(errors="replace").strip()[-1000:]
    raise SearchError(f"MLflow's server did not start on port {port}: {last_words}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the server and its workers, which share a process group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(STOP_S)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        return
