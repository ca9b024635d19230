"""A confirmation holds the members and their rivals, on seeds that chose nothing."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from frontier_search import Outcome, Search, SeedOutcome, Session, SpecError, Trial, TrialState
from frontier_search.frontier.confirmation import confirmation
from frontier_search.frontier.frontier import Frontier
from frontier_search.storage.storage import JOURNAL, open_storage
from tests.support import fakes, toys


def finished(folder: Path, **changes: object) -> Session:
    session = Session(toys.search(**changes), open_storage(JOURNAL, folder, writable=True))
    fakes.play(session)
    return session


def test_it_lists_the_members_on_fresh_seeds(tmp_path: Path) -> None:
    live = finished(tmp_path, trials=24, sampler="known_size")
    asked = confirmation(live.search, live.trials, 7)
    assert asked.name == "toy-1-confirmed-7"
    assert len(asked.seeds) == 7
    assert not set(asked.seeds) & set(live.search.seeds)
    members = [trial.candidate for trial in live.frontier.members]
    assert all(member in asked.candidates for member in members)
    assert len(asked.candidates) < sum(t.state is TrialState.COMPLETE for t in live.trials)
    assert asked == confirmation(live.search, live.trials, 7)
    assert Search.from_spec(asked.to_spec()) == asked


def test_too_few_seeds_and_no_member_are_refused(tmp_path: Path) -> None:
    live = finished(tmp_path)
    with pytest.raises(SpecError, match="confirm = 1; give a number of seeds from 2 to 998"):
        confirmation(live.search, live.trials, 1)
    with pytest.raises(SpecError, match="'toy-1' has no complete trial to confirm"):
        confirmation(live.search, [], 5)


def test_fresh_seeds_carry_no_luck(tmp_path: Path) -> None:
    """Of equal candidates with noisy losses the chosen ones look better than they are."""
    live = finished(tmp_path, trials=24)
    complete = [trial for trial in live.trials if trial.state is TrialState.COMPLETE]

    def loss(trial: Trial, seed: int, repetition: int) -> float:
        words = [zlib.crc32(repr(trial.candidate).encode()), seed, repetition]
        return 1 + 0.1 * float(np.random.default_rng(words).standard_normal())

    def measured(trial: Trial, seeds: tuple[int, ...], repetition: int) -> Trial:
        values = [loss(trial, seed, repetition) for seed in seeds]
        outcomes = [
            SeedOutcome(s, {"val_loss": v}, 1, 2, 0.1) for s, v in zip(seeds, values, strict=True)
        ]
        known = {**trial.objectives, "loss": float(np.mean(values))}
        return replace(trial, outcome=Outcome(tuple(outcomes)), objectives=known)

    chosen, fresh = [], []
    for repetition in range(40):
        trials = [measured(trial, live.search.seeds, repetition) for trial in complete]
        asked = confirmation(live.search, trials, 4)
        for member in Frontier.of(trials, live.objectives).members:
            assert member.candidate in asked.candidates
            chosen.append(member.objectives["loss"])
            fresh.append(measured(member, asked.seeds, repetition).objectives["loss"])
    error = 0.05 / np.sqrt(len(fresh))
    assert np.mean(chosen) < 1 - 10 * error
    assert abs(np.mean(fresh) - 1) < 4 * error
