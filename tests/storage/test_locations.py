"""Locations of a kind that cannot be used are refused before anything is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from frontier_search.errors import SpecError
from frontier_search.storage.locations import Locations


@pytest.mark.parametrize(
    ("storage", "tracking_uri", "words"),
    [
        ("sqlite:///:memory:", None, "is lost when this process ends"),
        ("sqlite:///", None, "is lost when this process ends"),
        (
            None,
            "nonsense://x",
            "--tracking-uri 'nonsense://x': MLflow keeps its pages at sqlite:///",
        ),
        (None, "./mlruns", "--tracking-uri './mlruns': MLflow keeps its pages at sqlite:///"),
    ],
)
def test_a_location_that_keeps_nothing_is_refused(
    storage: str | None, tracking_uri: str | None, words: str, tmp_path: Path
) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        Locations.of(tmp_path, storage, tracking_uri)
    assert list(tmp_path.iterdir()) == []


def test_a_storage_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="unknown storage 'mysql://x'"):
        Locations.of(tmp_path / "home", "mysql://x")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("uri", [None, "sqlite:////shared/pages.db", "http://127.0.0.1:5000"])
def test_locations_are_read_as_they_were_written(uri: str | None, tmp_path: Path) -> None:
    there = Locations.of(tmp_path, None, uri)
    assert Locations.read(there.to_spec(tmp_path), tmp_path, "small") == there
    written = str(there.to_spec(tmp_path))
    assert str(tmp_path) not in written  # so that the home can be moved


def test_a_tracking_uri_is_shown_from_the_working_folder_on_and_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = Locations.of(Path("frontier-runs")).shown_tracking_uri
    assert shown == "sqlite:///frontier-runs/mlflow.db"
    elsewhere = Locations("journal", "sqlite:////shared/pages.db")
    assert elsewhere.shown_tracking_uri == elsewhere.tracking_uri
    server = Locations("journal", "postgresql://me:secret@server/pages")
    assert server.shown_tracking_uri == "postgresql://me:***@server/pages"


def test_the_absolute_path_of_an_earlier_version_follows_its_home(tmp_path: Path) -> None:
    """It does so if the old home is gone, or is still there with this search."""
    old, new, shared = tmp_path / "old", tmp_path / "new", tmp_path / "shared"
    spec = {"storage": "journal", "tracking_uri": f"sqlite:///{old}/mlflow.db"}
    of_home = Locations.of(new)
    assert Locations.read(spec, new, "small") == of_home
    (old / "small").mkdir(parents=True)
    assert Locations.read(spec, new, "small") == of_home
    shared.mkdir()
    chosen = {"storage": "journal", "tracking_uri": f"sqlite:///{shared}/mlflow.db"}
    assert Locations.read(chosen, new, "small") == Locations(**chosen)
