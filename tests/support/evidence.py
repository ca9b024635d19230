"""Searches with made-up losses, for tests of what follows from them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from frontier_search.search.search import Search
from frontier_search.trial import Candidate, Outcome, SeedOutcome, Trial, TrialState

SPEC: dict[str, Any] = {
    "dataset": "tests.support.toys:REGRESSION",
    "families": {"dense": None, "kronecker": None},
}
KRONECKER = {"family": "kronecker", "hidden": 4}
DENSE = {"family": "dense", "hidden": 4}


def search(name: str = "toy", seeds: Sequence[int] = (101, 202, 303, 404, 505)) -> Search:
    return _search(name, tuple(seeds))


@functools.cache
def _search(name: str, seeds: tuple[int, ...]) -> Search:
    """Reads it once: simulations ask for one a thousand times, which takes milliseconds each."""
    return Search.from_spec(SPEC | {"name": name, "seeds": list(seeds)})


def trial(
    number: int, family: str, hidden: int, params: int, losses: Sequence[float], asked: Search
) -> Trial:
    """A complete trial with one loss a seed, the same on validation and on test."""
    settings: dict[str, int | float | str] = {"hidden": hidden, "learning_rate": 0.01}
    if family == "kronecker":
        settings |= {"steps": 1, "spectral_radius": 0.9, "graph_noise": 0.0}
    seeds = [
        SeedOutcome(s, {"val_loss": v, "test_loss": v}, 1, 1, 0.0)
        for s, v in zip(asked.seeds, losses, strict=True)
    ]
    size = {"raw": params, "effective": params, "flops": 1, "bytes": 1}
    objectives = {"loss": float(np.mean(losses)), "params": float(params)}
    return Trial(
        number,
        f"toy/{number}",
        0,
        TrialState.COMPLETE,
        Candidate(family, settings),
        size,
        objectives,
        Outcome(tuple(seeds)),
    )


def pair(
    first: Sequence[float], second: Sequence[float], asked: Search | None = None
) -> tuple[Search, list[Trial]]:
    """A search with a trial of KRONECKER and one of DENSE, each with these losses, seed by seed."""
    asked = asked or search(seeds=range(len(first)))
    return asked, [
        trial(0, "kronecker", 4, 30, first, asked),
        trial(1, "dense", 4, 40, second, asked),
    ]
