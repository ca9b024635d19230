"""A search that trains nothing loads no executor, and with it no torch."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontier_search import runner
from frontier_search.errors import SpecError
from frontier_search.frontier.frontier import Frontier
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial
from tests.support import toys

NOWHERE = "tests.support.nowhere:ready"  # an executor that cannot be loaded


def test_a_finished_search_is_shown_without_an_executor(entry: Entry, trials: list[Trial]) -> None:
    shown = runner.conduct(entry, NOWHERE, None, ())
    assert shown.numbers() == Frontier.of(trials, entry.search.objective_table()).numbers()


def test_a_running_search_is_refused_without_an_executor(tmp_path: Path) -> None:
    entry = catalog.define(toys.search(), tmp_path)
    with entry.folder.lock(), pytest.raises(SpecError, match="already running"):
        runner.conduct(entry, NOWHERE, None, ())


def test_an_unknown_executor_is_refused_before_any_trial(tmp_path: Path) -> None:
    entry = catalog.define(toys.search(), tmp_path)
    for unknown, words in (("inlin", "Did you mean 'inline'"), (NOWHERE, "nowhere")):
        with pytest.raises(SpecError, match=words):
            runner.conduct(entry, unknown, None, ())
    assert [trial for trial in catalog.read_trials(entry) if trial.state.finished] == []
