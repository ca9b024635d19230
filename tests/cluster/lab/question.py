"""The search that runs on hosts, its progress, and the undisturbed twin that it must equal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from frontier_search import runner
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from frontier_search.trial import Trial
from tests.faults.comparing import disagreements, folder, stuck

NAME = "far-1"
SPEC: dict[str, Any] = {
    "name": NAME,
    "dataset": "iris",
    "families": ["dense"],
    "trials": 24,
    "cohort": 3,
    "in_flight": 3,
    "seeds": 3,
    "epochs": 2500,
}
ENDED = "24/24 trials"
TRAINING_S = 240.0  # from the submission until cohorts train; workers have to start first


def finished(home: Path) -> dict[int, dict[str, Any]]:
    """Returns the finished trials by number, as JSON, with their worker and seconds."""
    if not (home / NAME / "place.yaml").exists():
        return {}
    return {
        trial.number: trial.to_json()
        for trial in catalog.read_trials(catalog.find(NAME, home))
        if trial.state.finished
    }


@cache
def twin() -> Sequence[Trial]:
    """Returns the trials of the same search, run once without disturbance in this process."""
    with folder() as home:
        runner.run(Search.from_spec(SPEC), home, "inline")
        return catalog.read_trials(catalog.find(NAME, home))


def differences(home: Path) -> list[str]:
    """Returns what a finished search did not clean up, and how it differs from its twin."""
    entry = catalog.find(NAME, home)
    return stuck(entry, mirror=False) + disagreements(entry, twin(), mirror=False)
