"""Several driver machines on one archive, each with a home of its own.

The session that started last owns the search, whenever it started, and the earlier ones stop.
Nothing that was finished is lost or trained again.
"""

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
from frontier_search.errors import SearchError
from frontier_search.executors import EXECUTORS, Where
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.files import names_in, write_whole
from frontier_search.search import time_budget
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.locations import Locations
from frontier_search.trial import Cohort, Outcome
from tests.faults.comparing import plain
from tests.support import fakes, s3, toys
from tests.test_session import Clock

DRIVERS = 3
MAX_STEPS = 25  # before the next driver starts


class Driver:
    """A driver machine with its journal, and its workers, which train by formula.

    Outcomes name the driver whose workers trained them.

    Attributes:
        in_flight: index -> a cohort that was given to a worker, and whether it is trained.
        trained: the index of every cohort that was given to a worker.
        stopped: the error that stopped it when another driver became the owner, or empty.
    """

    def __init__(self, search: Search, home: Path, outcomes: str) -> None:
        self.name = home.name
        entry = catalog.define(search, home, Locations.of(home, outcomes=outcomes))
        self.session = Session(search, entry.open_storage(writable=True))
        self.files = entry.files
        self.dispatcher = Dispatcher(self.session, self.files)
        self.files.owner.take_over()
        self.in_flight: dict[int, tuple[Cohort, bool]] = {}
        self.trained: list[int] = []
        self.stopped = ""

    def ask(self) -> None:
        while (cohort := self.dispatcher.next()) is not None:
            self.in_flight[cohort.index] = (cohort, False)
            self.trained.append(cohort.index)

    def step(self, rng: random.Random) -> None:
        """Does something that may happen next.

        A worker trains a cohort, or the driver settles a trained cohort and asks for more. Workers
        continue when the driver has stopped.
        """
        possible = [
            index for index, (_, done) in self.in_flight.items() if not (done and self.stopped)
        ]
        if not possible:
            return
        cohort, done = self.in_flight[rng.choice(possible)]
        if not done:
            outcomes = [
                replace(outcome, worker=self.name)
                for outcome in fakes.train_all(self.session, cohort)
            ]
            self.files.outcomes.write(cohort, outcomes, {})
            self.in_flight[cohort.index] = (cohort, True)
            return
        del self.in_flight[cohort.index]
        try:
            self.dispatcher.settle(cohort)
            self.ask()
        except SearchError as error:
            self.stopped = str(error)

    @property
    def n_recorded(self) -> int:
        """The number of finished trials."""
        return sum(trial.state.finished for trial in self.session.trials)

    def archived(self, cohorts: list[Cohort]) -> dict[int, tuple[Outcome, ...]]:
        """Returns index -> outcomes of the archived cohorts."""
        return {
            cohort.index: archived.outcomes
            for cohort in cohorts
            if (archived := self.files.archive.read(cohort))
        }


@pytest.fixture(scope="module")
def server() -> Iterator[s3.Server]:
    with s3.running() as server:
        yield server


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    still = Clock()
    monkeypatch.setattr(time_budget, "time", still)
    return still


@pytest.mark.parametrize(
    ("location", "seed"),
    [*(("disk", seed) for seed in range(30)), *(("bucket", seed) for seed in range(3))],
)
def test_the_last_driver_owns_the_search_whenever_it_starts(
    location: str, seed: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    rng, outcomes = random.Random(seed), str(tmp_path / "shared")
    if location == "bucket":
        request.getfixturevalue("server")
        outcomes = f"s3://{s3.BUCKET}/{uuid.uuid4().hex}"
    search = toys.search(trials=40, in_flight=rng.randint(1, 3))
    twin = Session(search, catalog.define(search, tmp_path / "twin").open_storage(writable=True))
    fakes.play(twin)
    cohorts = [cohort for index in range(10) if (cohort := twin.recorded(index))]
    drivers: list[Driver] = []
    recorded: dict[str, int] = {}  # trials, by driver, when the next driver started
    archived: dict[int, tuple[Outcome, ...]] = {}
    finished: set[int] = set()
    for number in range(DRIVERS):
        driver = Driver(search, tmp_path / f"driver-{number}", outcomes)
        archived |= driver.archived(cohorts)
        finished = set(archived) | {
            cohort.index for cohort in cohorts if driver.files.outcomes.read(cohort) is not None
        }
        recorded |= {other.name: other.n_recorded for other in drivers}
        driver.ask()
        drivers.append(driver)
        for _ in range(rng.randint(1, MAX_STEPS)):
            rng.choice(drivers).step(rng)
        assert not set(driver.trained) & finished
    last = drivers[-1]
    while not last.session.finished:
        rng.choice(drivers).step(rng)
    assert last.stopped == ""
    assert len(last.trained) == len(set(last.trained))
    assert not set(last.trained) & finished
    for driver in drivers[:-1]:
        for _ in range(MAX_STEPS):
            driver.step(rng)
        assert driver.session.finished or re.search(
            "has taken the search over, with the outcomes in .* nothing is lost", driver.stopped
        )
        assert driver.n_recorded == recorded[driver.name]  # nothing after the next one started
    ours, theirs = (
        [row | {"uid": ""} for row in map(plain, session.trials)]
        for session in (last.session, twin)
    )
    assert repr(ours) == repr(theirs)
    for index, outcome in archived.items():  # also the worker is the same
        assert repr(
            tuple(trial.outcome for trial in last.session.trials if trial.cohort == index)
        ) == repr(outcome)


def test_showing_a_finished_search_does_not_make_its_session_the_owner(tmp_path: Path) -> None:
    """Another session may be running it with more trials."""
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
def test_a_new_driver_counts_the_time_that_a_lost_one_used(
    seed: int, tmp_path: Path, clock: Clock
) -> None:
    """Cohorts that were proposed in time are recorded or trained, even when time is used up."""
    rng, shared = random.Random(seed), str(tmp_path / "shared")
    budget_s = rng.uniform(20, 60)
    search = toys.search(trials=200, in_flight=rng.randint(1, 4), time_budget=f"{budget_s}s")
    first = Driver(search, tmp_path / "first", shared)
    first.ask()
    n_recorded, spent_s = 0, 0.0
    for _ in range(rng.randint(2, 40)):  # then it is lost
        clock.now += rng.uniform(0, 10)
        first.step(rng)
        if first.n_recorded > n_recorded:
            n_recorded, spent_s = first.n_recorded, first.session.elapsed_s
    asked = {trial.cohort for trial in first.session.trials}
    again = Driver(search, tmp_path / "again", shared)
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


def test_an_archive_of_other_candidates_does_not_extend_the_time_budget(
    tmp_path: Path, clock: Clock
) -> None:
    """Another version of Optuna may propose other candidates. Then nothing is replayed."""
    search, shared = (
        toys.search(trials=200, in_flight=1, time_budget="20s"),
        str(tmp_path / "shared"),
    )
    first = Driver(search, tmp_path / "first", shared)
    first.ask()
    while first.n_recorded < 40:
        first.step(random.Random(0))
    for name in names_in(first.files.root / "told") - {"search.yaml"}:
        write_whole(first.files.root / "told" / name, b"of others")
    again = Driver(search, tmp_path / "again", shared)
    again.ask()
    clock.now += 30
    for _ in range(3):
        again.step(random.Random(0))
    assert again.session.finished
    assert again.n_recorded == search.cohort


def test_an_archive_without_elapsed_times_is_replayed(tmp_path: Path) -> None:
    """Earlier versions wrote none."""
    search, shared = toys.search(), str(tmp_path / "shared")
    first = Driver(search, tmp_path / "first", shared)
    first.ask()
    while not first.session.finished:
        first.step(random.Random(0))
    for name in names_in(first.files.root / "told") - {"search.yaml"}:
        content = json.loads((Path(shared) / search.name / "told" / name).read_bytes())
        del content["elapsed_s"]
        write_whole(first.files.root / "told" / name, json.dumps(content).encode())
    again = Driver(search, tmp_path / "again", shared)
    again.ask()
    assert again.session.finished
    assert again.trained == []


def test_a_search_without_time_replays_what_was_recorded_with_a_longer_budget(
    tmp_path: Path, clock: Clock
) -> None:
    search = toys.search(trials=200, in_flight=1, time_budget="20s")
    shared, rng = str(tmp_path / "shared"), random.Random(0)
    first = Driver(search, tmp_path / "first", shared)
    first.ask()
    clock.now += 30
    while not first.session.finished:
        first.step(rng)
    longer = Driver(replace(search, time_budget_s=60.0), tmp_path / "longer", shared)
    longer.ask()
    while longer.n_recorded < 3 * search.cohort:
        longer.step(rng)
    entry = catalog.find(search.name, tmp_path / "first")
    session = Session(search, entry.open_storage(writable=True))
    dispatcher = Dispatcher(session, entry.files)
    assert session.finished
    assert not dispatcher.finished
    entry.files.owner.take_over()
    trained = []
    while (cohort := dispatcher.next()) is not None:
        trained.append(cohort.index)
    assert trained == [3]  # it was in training, proposed in time
    assert sum(trial.state.finished for trial in session.trials) == longer.n_recorded


def test_one_damaged_file_of_an_archive_is_trained_again_and_nothing_after_it(
    tmp_path: Path,
) -> None:
    search, shared = toys.search(trials=40, in_flight=1), str(tmp_path / "shared")
    first = Driver(search, tmp_path / "first", shared)
    first.ask()
    while not first.session.finished:
        first.step(random.Random(0))
    write_whole(first.files.root / "told" / "00003.json", b"damaged")
    again = Driver(search, tmp_path / "again", shared)
    again.ask()
    while not again.session.finished:
        again.step(random.Random(0))
    assert again.trained == [3]


@pytest.mark.parametrize("executor", list(EXECUTORS))
def test_every_executor_stops_when_another_driver_owns_the_search(
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
    )  # takes it back, and trains nothing again
    again = catalog.read_trials(entry)
    assert [repr(trial.outcome) for trial in again] == [repr(trial.outcome) for trial in second]
