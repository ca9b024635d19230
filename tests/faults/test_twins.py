"""A search with a warm start, races and a confirmation: the same trials, killed or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from frontier_search.runner import conduct
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from frontier_search.trial import Trial, TrialState
from tests.faults import comparing
from tests.faults.harness import DRIVER, Chain
from tests.faults.moments import Moment
from tests.faults.searched import END_S, NAME, SPEC, Searched

CONFIRM = 3  # fresh seeds
CHANGES: dict[str, Any] = {
    "sampler": "known_size",
    "budgets": None,
    "epochs": 16,
    "trials": 32,
    "cohort": 16,  # the first ones have four trials, of which one may be audited
    "families_budget": "free",
    "race": 0.02,  # narrow, so that trials are stopped
}


@cache
def warm_start() -> str:
    """Returns a warm start by an earlier search, with its outcomes, as JSON."""
    with comparing.folder() as home:
        asked = SPEC | {"name": "earlier", "sampler": "random", "trials": 12, "budgets": [4, 8]}
        conduct(catalog.define(Search.from_spec(asked), home), "inline", None, ())
        spec = {key: value for key, value in (SPEC | CHANGES).items() if value is not None}
        asked = spec | {"warm_start": ["earlier"]}
        warmed = catalog.define(Search.from_spec(asked), home).search.warm_start
        return json.dumps([each.to_spec() for each in warmed])


def searched(home: Path, executor: str, workers: int = 1) -> Searched:
    """Returns the search, not started yet."""
    changes = CHANGES | {"warm_start": json.loads(warm_start())}
    return Searched(home, executor, mirror=False, workers=workers, confirm=CONFIRM, **changes)


def confirmed(home: Path) -> list[dict[str, Any]]:
    """Returns the trials of the confirmation, without times and hosts."""
    entry = catalog.find(f"{NAME}-confirmed-{CONFIRM}", home)
    return [comparing.plain(trial) for trial in catalog.read_trials(entry)]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sequence[Trial], list[dict[str, Any]]]:
    """Returns the search and its confirmation on one process, without an interruption."""
    home = tmp_path_factory.mktemp("twin")
    alone = searched(home, "inline")
    alone.finish()
    return alone.trials(), confirmed(home)


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "killed"), [(1, False), (4, True)])
def test_it_equals_its_twin(
    workers: int, killed: bool, twin: tuple[Sequence[Trial], list[dict[str, Any]]], tmp_path: Path
) -> None:
    whole, members = twin
    states = [trial.state for trial in whole]
    assert TrialState.PRUNED in states
    assert set(states) <= {TrialState.PRUNED, TrialState.COMPLETE}
    assert len(members) > 1
    on_ray = searched(tmp_path, "ray_tune", workers)
    if killed:
        assert Chain(on_ray, 0, whole).kill(Moment("training", 3), DRIVER)
        assert len([t for t in on_ray.trials() if t.state.finished]) < len(whole)
    on_ray.finish(3 * END_S)  # Ray starts twice, for the search and for its confirmation
    assert on_ray.problems(whole) == []
    assert confirmed(tmp_path) == members
