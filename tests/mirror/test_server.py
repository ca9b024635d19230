"""MLflow's pages: they answer only to this machine's own names, and show the frontier's page."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
from mlflow import MlflowClient

from frontier_search.mirror import server
from frontier_search.mirror.mirror import Mirror
from frontier_search.storage.catalog import Entry


@pytest.fixture(scope="module")
def served(
    entry: Entry, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Entry, server.Pages]]:
    path = tmp_path_factory.mktemp("served") / "mlflow.db"
    path.write_bytes(empty_database.read_bytes())
    own = replace(entry, locations=replace(entry.locations, tracking_uri=f"sqlite:///{path}"))
    with server.serve(own, 0) as pages:
        yield own, pages


def base_of(pages: server.Pages) -> str:
    return pages.chart.partition("/#/")[0]


def answer(url: str, host: str | None = None) -> bytes:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=20) as response:
        return bytes(response.read())


def test_the_pages_answer(served: tuple[Entry, server.Pages]) -> None:
    _, pages = served
    assert b"<title>MLflow" in answer(base_of(pages) + "/")
    assert pages.chart.startswith("http://127.0.0.1:")
    assert "viewStateShareKey=frontier" in pages.chart


def test_only_this_machines_names_are_answered(served: tuple[Entry, server.Pages]) -> None:
    _, pages = served
    port = base_of(pages).rpartition(":")[2]
    api = base_of(pages) + "/ajax-api/2.0/mlflow/experiments/search?max_results=5"
    assert b"small" in answer(api, f"localhost:{port}")
    for host in ("evil.example", f"192.168.0.7:{port}"):
        with pytest.raises(HTTPError) as refused:
            answer(api, host)
        assert refused.value.code == 403
        refused.value.close()


def test_the_frontiers_page_is_among_the_files(served: tuple[Entry, server.Pages]) -> None:
    _, pages = served
    run_id = pages.page.partition("/runs/")[2].partition("/")[0]
    assert b'"number":0,' in answer(
        f"{base_of(pages)}/get-artifact?path=frontier.html&run_uuid={run_id}"
    )
    table = json.loads(
        answer(f"{base_of(pages)}/get-artifact?path=frontier.json&run_uuid={run_id}")
    )
    assert table["columns"][0] == "trial"


def test_no_server_is_started_if_the_tracking_uri_is_one(
    served: tuple[Entry, server.Pages], entry: Entry
) -> None:
    """Another search is mirrored through HTTP."""
    _, pages = served
    search = replace(entry.search, name="remote")
    folder = replace(entry.folder, home=entry.folder.home.parent / "remote-home", name="remote")
    folder.path.mkdir(parents=True, exist_ok=True)
    remote = replace(
        entry,
        search=search,
        folder=folder,
        locations=replace(entry.locations, tracking_uri=base_of(pages)),
    )
    with server.serve(remote, 5000) as links:
        assert links.process is None
        assert links.chart.startswith(base_of(pages))
    assert (
        MlflowClient(base_of(pages))
        .get_experiment_by_name("remote")
        .artifact_location.startswith("mlflow-artifacts:")
    )
    assert Mirror(remote).sync() == 0


def test_the_command_serves_the_page_and_mlflow(
    entry: Entry, empty_database: Path, tmp_path: Path
) -> None:
    """It prints both addresses, the page's first, and Ctrl-C ends both."""
    home = tmp_path / "home"
    shutil.copytree(entry.folder.home, home, ignore=shutil.ignore_patterns("ml*"))
    shutil.copy(empty_database, home / "mlflow.db")
    command = [sys.executable, "-m", "frontier_search", "ui", "--home", str(home), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            assert running.stderr is not None
            page = running.stdout.readline().strip()
            assert b'"number":0,' in answer(page)
            chart = running.stdout.readline().strip()
            assert b"<title>MLflow" in answer(chart)
            assert json.loads(answer(f"{page}links.json"))["chart"] == chart
        finally:
            running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0
        words = running.stderr.read()
    assert words.startswith("reading search small")
    ports = [url.split(":")[2].split("/")[0] for url in (page, chart)]
    assert " ".join(f"-L {port}:127.0.0.1:{port}" for port in ports) in words
    for url in (page, chart):
        with pytest.raises(URLError):
            answer(url)
