"""A search keeps what its models are compared with."""

from __future__ import annotations

from pathlib import Path

from frontier_search.runner import run
from frontier_search.storage import catalog, references
from frontier_search.storage.folder import SearchFolder
from tests.support import toys


def test_a_search_that_ended_keeps_a_constant_and_a_linear_model(tmp_path: Path) -> None:
    search = toys.search(dataset="iris")
    assert references.read(SearchFolder(tmp_path, search.name)) == ()
    run(search, tmp_path, "inline")
    entry = catalog.find(search.name, tmp_path)
    kept = references.read(entry.folder)
    assert [one.name for one in kept] == ["constant", "linear"]
    assert [tuple(seed.seed for seed in one.seeds) for one in kept] == [entry.search.seeds] * 2
    assert references.measured(entry.search, entry.folder) == kept
