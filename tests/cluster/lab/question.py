"""The search that runs on hosts, how far it is, and the twin that it must be equal to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from frontier_search import launch, library
from frontier_search.search import Search
from tests.faults.comparing import disagreements, stuck

NAME = "far-1"
SPEC: dict[str, Any] = {
    "name": NAME,
    "dataset": "iris",
    "families": ["dense"],
    "trials": 18,
    "cohort": 3,
    "in_flight": 2,
    "seeds": 3,
    "epochs": 1200,
}
ENDED = "18/18 trials"
TRAINING_S = 240.0  # from submission on: workers must come first


def training(exchange: Path) -> int:
    """How many cohorts are in the midst of a stack, each on a worker of its own."""
    return len(list(exchange.glob("*/checkpoints/training")))


def finished(home: Path) -> dict[int, dict[str, Any]]:
    """The trials that have ended, as the storage has them: with who trained them, and how long it took."""
    if not (home / NAME / "place.yaml").exists():
        return {}
    return {trial.number: trial.to_json() for trial in library.read_trials(library.find(NAME, home)) if trial.state.finished}


def differences(home: Path, folder: Path) -> list[str]:
    """What a search that has ended left behind, and how it differs from its twin, which is run in a folder."""
    launch.run(Search.from_spec(SPEC), folder / "twin", "inline")
    twin = library.read_trials(library.find(NAME, folder / "twin"))
    entry = library.find(NAME, home)
    return stuck(entry, mirror=False) + disagreements(entry, twin, mirror=False)
