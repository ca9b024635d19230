"""A fake trainer, without torch: outcomes that follow from a candidate by formula, and ways to play a session to its end with them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from frontier_search.session import Session
from frontier_search.trial import Candidate, Cohort, Outcome, SeedOutcome


def loss(candidate: Candidate) -> float:
    """Smooth in the learning rate, falling in the width, different for each family: something for a sampler to find."""
    values = candidate.hyperparameters
    rate, hidden = float(values["learning_rate"]), float(values["hidden"])
    return (
        (math.log10(rate) + 2) ** 2
        + 1 / hidden
        + 0.01 * len(candidate.family)
        + 0.05 * float(values.get("steps", 0))
    )


def fails(candidate: Candidate) -> bool:
    """About one candidate in seven, whatever its family."""
    return int(1e6 * float(candidate.hyperparameters["learning_rate"])) % 7 == 3


def train(candidate: Candidate, seeds: Sequence[int], scale: float = 1) -> Outcome:
    """What training would give: every number follows from the candidate and the seed; a failure says why, in one of three ways."""
    value = scale * loss(candidate)
    measured = [
        SeedOutcome(
            seed,
            {f"{split}_loss": value + seed * 1e-5 for split in ("train", "val", "test")},
            2,
            2,
            0.25,
        )
        for seed in seeds
    ]
    if not fails(candidate):
        return Outcome(tuple(measured), worker="fake:1")
    way = int(1e6 * float(candidate.hyperparameters["learning_rate"])) % 3
    if way == 0:
        return Outcome((), "the family has a bug", "fake:1")
    if way == 1:
        return Outcome(tuple(measured[:-1]), worker="fake:1")
    wild = SeedOutcome(
        seeds[0], dict.fromkeys(measured[0].metrics, math.nan), 1, 2, 0.25, diverged_epoch=1
    )
    return Outcome((wild, *measured[1:]), worker="fake:1")


def train_all(session: Session, cohort: Cohort, scale: float = 1) -> list[Outcome]:
    return [train(candidate, session.search.seeds, scale) for candidate in cohort.candidates]


def ask_all(session: Session) -> list[Cohort]:
    """Every cohort that may be asked for now."""
    cohorts = []
    while (cohort := session.ask()) is not None:
        cohorts.append(cohort)
    return cohorts


def play(session: Session, order: random.Random | None = None, scale: float = 1) -> list[Candidate]:
    """Plays a session to its end: asks as often as it may, and tells one of the cohorts in flight, the oldest or (``order``) any.

    Args:
        scale: of the losses; -1 turns good candidates into bad ones.

    Returns:
        the candidates, by number.
    """
    flying: list[Cohort] = []
    while True:
        flying += ask_all(session)
        if not flying:
            break
        cohort = flying.pop(order.randrange(len(flying)) if order else 0)
        session.tell(cohort, train_all(session, cohort, scale))
    return [trial.candidate for trial in session.trials]


def plain(session: Session) -> list[dict[str, Any]]:
    """The trials of a session in JSON form, without times."""
    return [
        {key: value for key, value in trial.to_json().items() if not key.endswith("_at")}
        for trial in session.trials
    ]
