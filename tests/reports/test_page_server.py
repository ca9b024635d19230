"""The page that `ui` opens first: served to this machine only, with a link to MLflow."""

from __future__ import annotations

import json
import shutil
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

import pytest

from frontier_search import exporter
from frontier_search.errors import SpecError
from frontier_search.reports import page_server
from frontier_search.reports.page_server import ServedPage
from frontier_search.session import Session
from frontier_search.storage import catalog, references
from frontier_search.storage.catalog import Entry
from tests.support import fakes


@pytest.fixture
def served(entry: Entry) -> Iterator[ServedPage]:
    with page_server.serve(entry, 0) as page:
        yield page


def answer(url: str, host: str | None = None) -> str:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=20) as response:
        return str(response.read().decode())


def test_the_page_is_there_before_mlflow(served: ServedPage) -> None:
    assert '"number":0,' in answer(served.address)
    assert json.loads(answer(f"{served.address}links.json")) == {"words": "MLflow is starting"}
    served.say("MLflow is brought up to date: 3 of 12 trials")
    assert "3 of 12" in answer(f"{served.address}links.json")
    served.link("http://127.0.0.1:5001/#/experiments/1")
    assert json.loads(answer(f"{served.address}links.json"))["chart"].endswith("experiments/1")


def test_it_shows_the_linear_model_and_certificates_as_they_come(
    entry: Entry, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(entry.folder.home, home)
    copied = catalog.find(entry.search.name, home)
    references.keep(copied.search, copied.folder)
    with page_server.serve(copied, 0) as page:
        before = answer(page.address)
        assert '"label":"linear' in before
        assert "exported as" not in before
        exporter.export(copied, {tmp_path / "c": exporter.choose(copied, every=True)[0]})
        assert "exported as c, float32" in answer(page.address)


def test_it_answers_to_this_machines_own_names_only(served: ServedPage) -> None:
    for host in (f"localhost:{served.port}", "127.0.0.1:9"):  # the port of a tunnel may differ
        assert "<title>" in answer(served.address, host)
    for host, path, code in (("evil.example", "", 403), ("localhost", "other", 404)):
        with pytest.raises(HTTPError) as refused:
            answer(served.address + path, host)
        assert refused.value.code == code
        refused.value.close()


def test_a_port_in_use_is_named(entry: Entry) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SpecError, match=f"port {port}"), page_server.serve(entry, port):
            pass


def test_it_shows_the_trials_that_there_are(entry: Entry, tmp_path: Path) -> None:
    """Before the first one it looks again by itself."""
    growing = catalog.define(replace(entry.search, name="growing"), tmp_path / "home")
    with page_server.serve(growing, 0) as page:
        first = answer(page.address)
        assert "no complete trial" in first
        assert 'http-equiv="refresh"' in first
        with closing(growing.open_storage(writable=True)) as storage:
            fakes.play(Session(growing.search, storage))
        assert '"number":0,' in answer(page.address)
