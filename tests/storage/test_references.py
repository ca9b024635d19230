"""A search keeps what its models are compared with."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from frontier_search.frontier.baselines import Baseline
from frontier_search.runner import run, sweep
from frontier_search.search.search import Search
from frontier_search.search.sweep import Sweep
from frontier_search.storage import catalog, references, sweep_catalog
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


def test_searches_of_a_sweep_keep_them_too(tmp_path: Path) -> None:
    defaults = {"dataset": "iris", "trials": 2, "seeds": 2, "epochs": 2, "families": ["dense"]}
    both = Sweep.from_spec({"name": "two", "defaults": defaults, "searches": {"a": {}, "b": {}}})
    entry = sweep_catalog.define(both, tmp_path)
    sweep(entry, "inline", None, lambda search: nullcontext(()))
    for name in ("two-a", "two-b"):
        kept = references.read(SearchFolder(tmp_path, name))
        assert [one.name for one in kept] == ["constant", "linear"]


def test_who_asks_while_they_are_fitted_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is given when the last cohort is recorded, which may be that early."""
    entry = catalog.define(toys.search(dataset="iris"), tmp_path)
    fitted, began = references._fitted, threading.Event()
    fits: list[str] = []

    def slowly(search: Search) -> tuple[Baseline, ...]:
        fits.append(search.name)
        began.set()
        time.sleep(0.2)
        return fitted(search)

    monkeypatch.setattr(references, "_fitted", slowly)
    with references.kept_meanwhile(entry.search, entry.folder) as begin:
        begin()
        begin()
        assert began.wait(60)
        assert len(references.measured(entry.search, entry.folder)) == 2
    assert fits == [entry.search.name]


def test_a_block_ends_after_the_fit_that_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = catalog.define(toys.search(dataset="iris"), tmp_path)
    fitted, ended = references._fitted, threading.Event()

    def slowly(search: Search) -> tuple[Baseline, ...]:
        time.sleep(0.2)
        found = fitted(search)
        ended.set()
        return found

    monkeypatch.setattr(references, "_fitted", slowly)
    with (
        pytest.raises(KeyboardInterrupt),
        references.kept_meanwhile(entry.search, entry.folder) as begin,
    ):
        begin()
        raise KeyboardInterrupt
    assert ended.is_set()
