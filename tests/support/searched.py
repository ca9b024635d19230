"""A pytest plugin: one small real search, trained once, and what the tests of its projections need."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from frontier_search import runner
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial


@pytest.fixture(scope="session")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Entry:
    """A finished search: iris, three families of three architectures, twelve trials in cohorts of four, three seeds, two epochs."""
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
    return catalog.read_trials(entry)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without a run; making one takes two seconds, copying it none."""
    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The ``noload``")
        MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def tracked(entry: Entry, empty_database: Path, tmp_path: Path) -> Callable[[str], Entry]:
    """The same search, mirrored in an empty database of the test's own."""

    def at(name: str = "mlflow.db") -> Entry:
        shutil.copy(empty_database, tmp_path / name)
        return replace(
            entry, locations=replace(entry.locations, tracking_uri=f"sqlite:///{tmp_path / name}")
        )

    return at


@pytest.fixture
def quick_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models are exported where a test is about them; elsewhere a third of a second is saved for each."""
    monkeypatch.setattr("frontier_search.mirror.models.log", lambda *_: "m-0")
