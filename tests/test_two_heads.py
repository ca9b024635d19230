"""Several heads on one archive, each with a home of its own: the one that opened last has the search, whatever the moment at which it came,
and those before it stop. Nothing that was finished is lost or trained again."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from frontier_search import launch, library
from frontier_search.errors import SearchError
from frontier_search.executors.handover import Handover
from frontier_search.search import Search
from frontier_search.session import Session
from frontier_search.trial import Cohort, Outcome
from tests import fakes, s3, toys
from tests.faults.comparing import plain

HEADS = 3
STEPS = 25  # at most, until the next head comes


class Head:
    """A head with its journal in a home of its own, and its workers, which train by formula and sign what they leave.

    Attributes:
        flying: cohorts that were given to workers, and whether they are trained.
        trained: every cohort that was given to workers.
        stopped: why, once it has found that it has the search no more.
    """

    def __init__(self, search: Search, home: Path, outcomes: str) -> None:
        self.name = home.name
        entry = library.define(search, home, outcomes=outcomes)
        self.session = Session(search, entry.open_storage(writable=True))
        self.files = entry.files
        self.handover = Handover(self.session, self.files)
        self.files.take_over()
        self.flying: dict[int, tuple[Cohort, bool]] = {}
        self.trained: list[int] = []
        self.stopped = ""

    def ask(self) -> None:
        while (cohort := self.handover.next()) is not None:
            self.flying[cohort.index] = (cohort, False)
            self.trained.append(cohort.index)

    def step(self, rng: random.Random) -> None:
        """Something that may happen next: a worker trains, or the head settles what was trained and asks for more. Workers go on after it."""
        open_to_it = [index for index, (_, done) in self.flying.items() if not (done and self.stopped)]
        if not open_to_it:
            return
        cohort, done = self.flying[rng.choice(open_to_it)]
        if not done:
            outcomes = [replace(outcome, worker=self.name) for outcome in fakes.train_all(self.session, cohort)]
            self.files.leave(cohort, outcomes, {})
            self.flying[cohort.index] = (cohort, True)
            return
        del self.flying[cohort.index]
        try:
            self.handover.settle(cohort)
            self.ask()
        except SearchError as error:
            self.stopped = str(error)

    @property
    def told(self) -> int:
        return sum(trial.state.finished for trial in self.session.trials)

    def archived(self, cohorts: list[Cohort]) -> dict[int, tuple[Outcome, ...]]:
        """Cohort -> outcomes, of those that were told."""
        return {cohort.index: told.outcomes for cohort in cohorts if (told := self.files.told(cohort))}


@pytest.fixture(scope="module")
def server() -> Iterator[s3.Server]:
    with s3.running() as server:
        yield server


@pytest.mark.parametrize(("place", "seed"), [*(("disk", seed) for seed in range(30)), *(("bucket", seed) for seed in range(3))])
def test_the_last_head_has_the_search_whenever_it_comes(place: str, seed: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    rng, outcomes = random.Random(seed), str(tmp_path / "shared")
    if place == "bucket":
        request.getfixturevalue("server")
        outcomes = f"s3://{s3.BUCKET}/{uuid.uuid4().hex}"
    search = toys.search(trials=40, in_flight=rng.randint(1, 3))
    twin = Session(search, library.define(search, tmp_path / "twin").open_storage(writable=True))
    fakes.play(twin)
    cohorts = [cohort for index in range(10) if (cohort := twin.told(index))]
    heads: list[Head] = []
    told: dict[str, int] = {}  # by each head, when the next one came
    archived: dict[int, tuple[Outcome, ...]] = {}
    finished: set[int] = set()
    for number in range(HEADS):
        head = Head(search, tmp_path / f"head-{number}", outcomes)
        archived |= head.archived(cohorts)
        finished = set(archived) | {cohort.index for cohort in cohorts if head.files.take(cohort) is not None}
        told |= {other.name: other.told for other in heads}
        head.ask()
        heads.append(head)
        for _ in range(rng.randint(1, STEPS)):
            rng.choice(heads).step(rng)
        assert not set(head.trained) & finished
    last = heads[-1]
    while not last.session.finished:
        rng.choice(heads).step(rng)
    assert last.stopped == ""
    assert len(last.trained) == len(set(last.trained))
    assert not set(last.trained) & finished
    for head in heads[:-1]:
        for _ in range(STEPS):
            head.step(rng)
        assert head.session.finished or re.search("has taken the search over, with the outcomes in .* nothing is lost", head.stopped)
        assert head.told == told[head.name]  # from the moment on at which another came
    ours, theirs = ([row | {"uid": ""} for row in map(plain, session.trials)] for session in (last.session, twin))
    assert repr(ours) == repr(theirs)
    for index, outcome in archived.items():  # of the same workers
        assert repr(tuple(trial.outcome for trial in last.session.trials if trial.cohort == index)) == repr(outcome)


def test_a_finished_search_that_is_shown_takes_nothing_over(tmp_path: Path) -> None:
    """It may go on elsewhere with more trials."""
    search, outcomes = toys.search(), str(tmp_path / "shared")
    launch.conduct(library.define(search, tmp_path / "first", outcomes=outcomes), "inline", None, ())
    longer = replace(search, trials=search.trials + 8)
    entry = library.define(longer, tmp_path / "second", outcomes=outcomes)

    def show_the_first(session: Session) -> None:
        launch.resume(search.name, tmp_path / "first", "inline")

    launch.conduct(entry, "inline", None, [show_the_first])
    assert len(library.read_trials(entry)) == longer.trials
