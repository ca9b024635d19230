"""A pytest plugin: one small search that is trained once, for tests of reports and of the mirror.

Every test process loads this file, and most use none of its fixtures. So each fixture imports what
it needs: MLflow takes two seconds.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from frontier_search.storage.catalog import Entry
    from frontier_search.trial import Trial


@pytest.fixture(scope="session")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Entry:
    """A finished search on iris: twelve trials of three families, in cohorts of four.

    It has three seeds and two epochs.
    """
    from frontier_search import runner
    from frontier_search.search.search import Search
    from frontier_search.storage import catalog

    spec = {
        "name": "small",
        "dataset": "iris",
        "families": ["dense", "kronecker", "no_recurrence"],
        "trials": 12,
    }
    search = Search.from_spec(spec | {"cohort": 4, "seeds": 3, "epochs": 2})
    home = tmp_path_factory.mktemp("home")
    runner.run(search, home, "inline")
    return catalog.find("small", home)


@pytest.fixture
def trials(entry: Entry) -> list[Trial]:
    """The trials of the finished search."""
    from frontier_search.storage import catalog

    return catalog.read_trials(entry)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs. Making one takes a second; copying it takes none."""
    from frontier_search.mirror import database

    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The ``noload``")
        database.create(path, path.parent)
    return path


@pytest.fixture
def tracked(entry: Entry, empty_database: Path, tmp_path: Path) -> Callable[[str], Entry]:
    """A function: name of a file -> the finished search, with an empty MLflow database there."""

    def at(name: str = "mlflow.db") -> Entry:
        shutil.copy(empty_database, tmp_path / name)
        return replace(
            entry, locations=replace(entry.locations, tracking_uri=f"sqlite:///{tmp_path / name}")
        )

    return at


@pytest.fixture
def quick_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skips the export of models, which takes a third of a second for each."""
    monkeypatch.setattr("frontier_search.mirror.models.log", lambda *_: "m-0")
