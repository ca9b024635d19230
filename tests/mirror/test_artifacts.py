"""A home that is moved or copied keeps its pages, with every file and model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModel

from frontier_search.mirror.mirror import Mirror
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from tests.support.reading import runs_of, text_of


@pytest.fixture
def home(entry: Entry, empty_database: Path, tmp_path: Path) -> Path:
    """A home with one finished search, which is mirrored."""
    home = tmp_path / "a home"
    shutil.copytree(entry.folder.home, home, ignore=shutil.ignore_patterns("ml*"))
    shutil.copy(empty_database, home / "mlflow.db")
    Mirror(catalog.find("small", home)).sync()
    return home


def model_of(entry: Entry) -> LoggedModel:
    client = MlflowClient(entry.locations.tracking_uri)
    experiment = client.get_experiment_by_name("small")
    return next(iter(client.search_logged_models([experiment.experiment_id])))


@pytest.mark.parametrize("bring", [shutil.move, shutil.copytree])
def test_a_home_brings_its_pages_along(
    home: Path, tmp_path: Path, bring: Callable[[Path, Path], object]
) -> None:
    first = catalog.find("small", home)
    page = text_of(first, runs_of(first)["small"], "frontier.html")
    model = model_of(first)
    new = tmp_path / "deep" / "new home"
    new.parent.mkdir()
    bring(home, new)
    moved = catalog.find("small", new)
    assert Mirror(moved).sync() == 0
    assert text_of(moved, runs_of(moved)["small"], "frontier.html") == page
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(moved.locations.tracking_uri)
    try:
        loaded = mlflow.pyfunc.load_model(f"models:/{model.model_id}")
    finally:
        mlflow.set_tracking_uri(before)
    assert loaded.predict(np.zeros((2, 4), dtype=np.float32)).shape == (2, 3)
    assert str(new.resolve()) in model_of(moved).artifact_location.replace("%20", " ")
    assert home.exists() == (bring is shutil.copytree)
    if home.exists():  # the first home is what it was
        assert model_of(first).artifact_location == model.artifact_location
