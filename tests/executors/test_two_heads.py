"""Several heads on one archive, each with a home of its own: the one that opened last has the search, whatever the moment at which it came,
and those before it stop. Nothing that was finished is lost or trained again."""

from __future__ import annotations

import json
import os
import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from frontier_search import runner
from frontier_search import session as session_module
from frontier_search.errors import SearchError
from frontier_search.executors import EXECUTORS, Where
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.files import names_in, write_whole
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.locations import Locations
from frontier_search.trial import Cohort, Outcome
from tests.faults.comparing import plain
from tests.support import fakes, s3, toys
from tests.test_session import Clock

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
        entry = catalog.define(search, home, Locations.of(home, outcomes=outcomes))
        self.session = Session(search, entry.open_storage(writable=True))
        self.files = entry.files
        self.dispatcher = Dispatcher(self.session, self.files)
        self.files.owner.take_over()
        self.flying: dict[int, tuple[Cohort, bool]] = {}
        self.trained: list[int] = []
        self.stopped = ""

    def ask(self) -> None:
        while (cohort := self.dispatcher.next()) is not None:
            self.flying[cohort.index] = (cohort, False)
            self.trained.append(cohort.index)

    def step(self, rng: random.Random) -> None:
        """Something that may happen next: a worker trains, or the head settles what was trained and asks for more. Workers go on after it."""
        open_to_it = [
            index for index, (_, done) in self.flying.items() if not (done and self.stopped)
        ]
        if not open_to_it:
            return
        cohort, done = self.flying[rng.choice(open_to_it)]
        if not done:
            outcomes = [
                replace(outcome, worker=self.name)
                for outcome in fakes.train_all(self.session, cohort)
            ]
            self.files.outcomes.write(cohort, outcomes, {})
            self.flying[cohort.index] = (cohort, True)
            return
        del self.flying[cohort.index]
        try:
            self.dispatcher.settle(cohort)
            self.ask()
        except SearchError as error:
            self.stopped = str(error)

    @property
    def told(self) -> int:
        return sum(trial.state.finished for trial in self.session.trials)

    def archived(self, cohorts: list[Cohort]) -> dict[int, tuple[Outcome, ...]]:
        """Cohort -> outcomes, of those that were told."""
        return {
            cohort.index: told.outcomes
            for cohort in cohorts
            if (told := self.files.archive.read(cohort))
        }


@pytest.fixture(scope="module")
def server() -> Iterator[s3.Server]:
    with s3.running() as server:
        yield server


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    still = Clock()
    monkeypatch.setattr(session_module, "time", still)
    return still


@pytest.mark.parametrize(
    ("place", "seed"),
    [*(("disk", seed) for seed in range(30)), *(("bucket", seed) for seed in range(3))],
)
def test_the_last_head_has_the_search_whenever_it_comes(
    place: str, seed: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    rng, outcomes = random.Random(seed), str(tmp_path / "shared")
    if place == "bucket":
        request.getfixturevalue("server")
        outcomes = f"s3://{s3.BUCKET}/{uuid.uuid4().hex}"
    search = toys.search(trials=40, in_flight=rng.randint(1, 3))
    twin = Session(search, catalog.define(search, tmp_path / "twin").open_storage(writable=True))
    fakes.play(twin)
    cohorts = [cohort for index in range(10) if (cohort := twin.recorded(index))]
    heads: list[Head] = []
    told: dict[str, int] = {}  # by each head, when the next one came
    archived: dict[int, tuple[Outcome, ...]] = {}
    finished: set[int] = set()
    for number in range(HEADS):
        head = Head(search, tmp_path / f"head-{number}", outcomes)
        archived |= head.archived(cohorts)
        finished = set(archived) | {
            cohort.index for cohort in cohorts if head.files.outcomes.read(cohort) is not None
        }
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
        assert head.session.finished or re.search(
            "has taken the search over, with the outcomes in .* nothing is lost", head.stopped
        )
        assert head.told == told[head.name]  # from the moment on at which another came
    ours, theirs = (
        [row | {"uid": ""} for row in map(plain, session.trials)]
        for session in (last.session, twin)
    )
    assert repr(ours) == repr(theirs)
    for index, outcome in archived.items():  # of the same workers
        assert repr(
            tuple(trial.outcome for trial in last.session.trials if trial.cohort == index)
        ) == repr(outcome)


def test_a_finished_search_that_is_shown_takes_nothing_over(tmp_path: Path) -> None:
    """It may go on elsewhere with more trials."""
    search, outcomes = toys.search(), str(tmp_path / "shared")
    runner.conduct(
        catalog.define(
            search, tmp_path / "first", Locations.of(tmp_path / "first", outcomes=outcomes)
        ),
        "inline",
        None,
        (),
    )
    longer = replace(search, trials=search.trials + 8)
    entry = catalog.define(
        longer, tmp_path / "second", Locations.of(tmp_path / "second", outcomes=outcomes)
    )

    def show_the_first(session: Session) -> None:
        runner.resume(search.name, tmp_path / "first", "inline")

    runner.conduct(entry, "inline", None, [show_the_first])
    assert len(catalog.read_trials(entry)) == longer.trials


@pytest.mark.parametrize("seed", range(12))
def test_the_time_that_was_spent_is_spent_for_a_new_head_too(
    seed: int, tmp_path: Path, clock: Clock
) -> None:
    """And what was asked for in time is told again, or trained, however late it is."""
    rng, shared = random.Random(seed), str(tmp_path / "shared")
    budget_s = rng.uniform(20, 60)
    search = toys.search(trials=200, in_flight=rng.randint(1, 4), time_budget=f"{budget_s}s")
    first = Head(search, tmp_path / "first", shared)
    first.ask()
    told, spent_s = 0, 0.0
    for _ in range(rng.randint(2, 40)):  # until it is lost
        clock.now += rng.uniform(0, 10)
        first.step(rng)
        if first.told > told:
            told, spent_s = first.told, first.session.elapsed_s
    asked = {trial.cohort for trial in first.session.trials}
    again = Head(search, tmp_path / "again", shared)
    again.ask()
    while not again.session.finished:
        clock.now += rng.uniform(0, 2)
        again.step(rng)
    assert {trial.cohort for trial in again.session.trials} >= asked
    assert again.session.elapsed_s >= spent_s
    if spent_s >= budget_s:
        assert {trial.cohort for trial in again.session.trials} == asked
    else:
        assert again.session.out_of_time or len(again.session.trials) == search.trials


def test_an_archive_of_other_candidates_gives_no_time(tmp_path: Path, clock: Clock) -> None:
    """As other versions of the libraries would propose them: none of them is told again, and the budget is for new ones."""
    search, shared = (
        toys.search(trials=200, in_flight=1, time_budget="20s"),
        str(tmp_path / "shared"),
    )
    first = Head(search, tmp_path / "first", shared)
    first.ask()
    while first.told < 40:
        first.step(random.Random(0))
    for name in names_in(first.files.root / "told") - {"search.yaml"}:
        write_whole(first.files.root / "told" / name, b"of others")
    again = Head(search, tmp_path / "again", shared)
    again.ask()
    clock.now += 30
    for _ in range(3):
        again.step(random.Random(0))
    assert again.session.finished
    assert again.told == search.cohort


def test_an_archive_that_does_not_know_the_time_is_told_again_all_the_same(tmp_path: Path) -> None:
    """As it was written before times were kept."""
    search, shared = toys.search(), str(tmp_path / "shared")
    first = Head(search, tmp_path / "first", shared)
    first.ask()
    while not first.session.finished:
        first.step(random.Random(0))
    for name in names_in(first.files.root / "told") - {"search.yaml"}:
        content = json.loads((Path(shared) / search.name / "told" / name).read_bytes())
        del content["elapsed_s"]
        write_whole(first.files.root / "told" / name, json.dumps(content).encode())
    again = Head(search, tmp_path / "again", shared)
    again.ask()
    assert again.session.finished
    assert again.trained == []


def test_one_damaged_file_of_an_archive_is_trained_again_and_nothing_after_it(
    tmp_path: Path,
) -> None:
    search, shared = toys.search(trials=40, in_flight=1), str(tmp_path / "shared")
    first = Head(search, tmp_path / "first", shared)
    first.ask()
    while not first.session.finished:
        first.step(random.Random(0))
    write_whole(first.files.root / "told" / "00003.json", b"damaged")
    again = Head(search, tmp_path / "again", shared)
    again.ask()
    while not again.session.finished:
        again.step(random.Random(0))
    assert again.trained == [3]


@pytest.mark.parametrize("executor", list(EXECUTORS))
def test_every_executor_stops_when_another_head_has_the_search(
    executor: str, tmp_path: Path
) -> None:
    search, outcomes = toys.search(), str(tmp_path / "shared")
    entry, other = (
        catalog.define(search, tmp_path / name, Locations.of(tmp_path / name, outcomes=outcomes))
        for name in ("first", "second")
    )

    def lose(session: Session) -> None:
        if sum(trial.state.finished for trial in session.trials) == search.cohort:
            other.files.owner.take_over()

    with pytest.raises(SearchError, match=f"process {os.getpid()} on .* has taken the search over"):
        runner.conduct(entry, executor, Where(1), [lose])
    runner.conduct(other, "inline", None, ())
    first, second = catalog.read_trials(entry), catalog.read_trials(other)
    assert sum(trial.state.finished for trial in first) == search.cohort
    assert all(trial.state.finished for trial in second)
    for theirs, ours in zip(first, second, strict=False):
        assert not theirs.state.finished or repr(theirs.outcome) == repr(ours.outcome)
    runner.resume(
        search.name, tmp_path / "first", executor
    )  # which takes it back, and trains nothing of it again
    again = catalog.read_trials(entry)
    assert [repr(trial.outcome) for trial in again] == [repr(trial.outcome) for trial in second]
