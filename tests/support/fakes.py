"""A fake trainer, without torch, and ways to play a session to its end with it.

Outcomes follow from the candidate by formula.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from frontier_search.session import Session
from frontier_search.trial import Candidate, Cohort, Outcome, SeedOutcome


def loss(candidate: Candidate) -> float:
    """Returns a loss that a sampler can minimise.

    It is smooth in the learning rate, falls with the width, and differs between families.
    """
    values = candidate.hyperparameters
    rate, hidden = float(values["learning_rate"]), float(values["hidden"])
    return (
        (math.log10(rate) + 2) ** 2
        + 1 / hidden
        + 0.01 * len(candidate.family)
        + 0.05 * float(values.get("steps", 0))
    )


def fails(candidate: Candidate) -> bool:
    """Returns whether a candidate fails: about one in seven does, in every family."""
    return int(1e6 * float(candidate.hyperparameters["learning_rate"])) % 7 == 3


def train(candidate: Candidate, seeds: Sequence[int], scale: float = 1) -> Outcome:
    """Returns an outcome in which every number follows from the candidate and the seed.

    A failure has one of three forms: a reason, a missing seed, or a seed that diverged.
    """
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
    """Asks until the session has no more cohorts for now."""
    cohorts = []
    while (cohort := session.ask()) is not None:
        cohorts.append(cohort)
    return cohorts


def play(session: Session, order: random.Random | None = None, scale: float = 1) -> list[Candidate]:
    """Plays a session to its end: asks until nothing is left to ask, tells one cohort, and so on.

    Args:
        order: chooses which cohort in flight is told; None tells the oldest.
        scale: a factor on the losses; -1 turns good candidates into bad ones.

    Returns:
        the candidates, by number.
    """
    in_flight: list[Cohort] = []
    while True:
        in_flight += ask_all(session)
        if not in_flight:
            break
        cohort = in_flight.pop(order.randrange(len(in_flight)) if order else 0)
        session.tell(cohort, train_all(session, cohort, scale))
    return [trial.candidate for trial in session.trials]


def plain(session: Session) -> list[dict[str, Any]]:
    """Returns the trials of a session in JSON form, without times."""
    return [
        {key: value for key, value in trial.to_json().items() if not key.endswith("_at")}
        for trial in session.trials
    ]
