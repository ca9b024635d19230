"""Runs commands in this process, and makes a home with two searches."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from frontier_search.cli import main as console
from frontier_search.session import Session
from frontier_search.storage import catalog
from tests.cli.results import Result, Run
from tests.support import fakes, toys


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the console script in this process."""

    def command(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["frontier-search", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            console.main()
        out, err = capfd.readouterr()
        return Result(int(stop.value.code or 0), out, err)

    return command


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a finished search, toy-1, and one that has just been defined, toy-2."""
    folder = tmp_path_factory.mktemp("home")
    entry = catalog.define(toys.search(dataset="iris"), folder)
    fakes.play(Session(entry.search, entry.open_storage(writable=True)))
    catalog.define(toys.search(dataset="iris", name="toy-2"), folder)
    return folder
