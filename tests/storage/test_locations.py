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
