"""What every executor keeps, wherever outcomes are exchanged.

The trials are those of ``inline``, bit for bit. Outcomes on disk are recorded and not trained
again. A failure concerns only its trial.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from frontier_search import runner
from frontier_search.errors import SearchError, SpecError
from frontier_search.executors import EXECUTORS, Where, ray_tune, watchdog
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.tune_adapters import COHORT, CohortTrainable
from frontier_search.executors.worker import Worker
from frontier_search.executors.worker_deaths import FAILED_STARTS_ALLOWED
from frontier_search.files import names_in, write_whole
from frontier_search.frontier.frontier import Frontier
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.storage.locations import Locations
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.training import crashes
from frontier_search.trial import Cohort, Outcome, Trial, TrialState
from tests.support import fakes, faulty, s3, toys

ASKED = toys.search(
    families={
        "dense": {"hidden": {"choice": [2, 4]}},
        "tests.support.faulty:FAMILY": None,
        "kronecker": {"hidden": 4},
    },
    trials=18,
    cohort=5,
    in_flight=3,
    sampler="tpe",
)
ON_DISK = "on disk"
OWN, SHARED, BUCKET = "own folder", "shared folder", "bucket"
LOCATIONS = [  # every executor of the table, and what the two of the project add
    *((executor, 2, OWN) for executor in EXECUTORS),
    ("inline", None, SHARED),
    ("inline", None, BUCKET),
    ("ray_tune", 1, OWN),
    ("ray_tune", 2, BUCKET),
]


def run(
    executor: str, workers: int | None, home: Path, outcomes: str | None = None
) -> tuple[Entry, Frontier]:
    """Runs the search after a session that died with two cohorts in flight, one of them trained."""
    entry = catalog.define(ASKED, home, Locations.of(home, outcomes=outcomes))
    dead = Session(ASKED, entry.open_storage(writable=True))
    cohort, _ = dead.ask(), dead.ask()
    assert cohort is not None
    outcomes = [
        replace(fakes.train(candidate, ASKED.seeds, scale=100), worker=ON_DISK)
        for candidate in cohort.candidates
    ]
    entry.files.outcomes.write(cohort, outcomes, {})
    return entry, runner.conduct(entry, executor, Where(workers), ())


def plain(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """The trials without times and hosts."""
    rows = [trial.to_json() for trial in trials]
    for row in rows:
        for key in ("seconds", "worker", "started_at", "finished_at"):
            del row[key]
        for seed in row["seeds"]:
            del seed["seconds"]
    return rows


@pytest.fixture(scope="module", params=LOCATIONS, ids=lambda location: "-".join(map(str, location)))
def searched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Entry, Frontier]]:
    executor, workers, exchanged = request.param
    with (
        s3.running() if exchanged == BUCKET else nullcontext()
    ):  # before Ray, whose workers must find it too
        shared = str(tmp_path_factory.mktemp("shared"))
        outcomes = {OWN: None, SHARED: shared, BUCKET: f"s3://{s3.BUCKET}/{executor}"}[exchanged]
        yield run(executor, workers, tmp_path_factory.mktemp("home"), outcomes)


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Trial]:
    """The trials that ``inline`` gives."""
    return catalog.read_trials(run("inline", None, tmp_path_factory.mktemp("inline"))[0])


def test_every_executor_is_tested_here() -> None:
    assert {executor for executor, *_ in LOCATIONS} == set(EXECUTORS)


def test_it_gives_the_trials_of_inline(
    searched: tuple[Entry, Frontier], defined: Sequence[Trial]
) -> None:
    trials = catalog.read_trials(searched[0])
    assert len(trials) == ASKED.trials
    assert repr(plain(trials)) == repr(plain(defined))  # repr: a nan is not equal to itself
    assert searched[1].numbers() == Frontier.of(defined, ASKED.objective_table()).numbers()


def test_outcomes_on_disk_are_recorded_without_training(searched: tuple[Entry, Frontier]) -> None:
    trials = catalog.read_trials(searched[0])
    assert [trial.outcome.worker == ON_DISK for trial in trials if trial.outcome] == [True] * 5 + [
        False
    ] * 13


def test_only_the_trials_of_a_family_that_raises_fail(searched: tuple[Entry, Frontier]) -> None:
    for trial in catalog.read_trials(searched[0])[5:]:
        if trial.candidate.family == "tests.support.faulty:FAMILY":
            assert (trial.state, trial.reason) == (
                TrialState.FAIL,
                f"RuntimeError: {faulty.MESSAGE}",
            )
        else:
            assert trial.state is TrialState.COMPLETE


def test_only_the_models_of_the_frontier_remain(
    searched: tuple[Entry, Frontier],
) -> None:
    entry, frontier = searched
    files = entry.files
    assert any(member.cohort > 0 for member in frontier.members)
    assert list(files.outcomes.indices()) == []
    for trial in catalog.read_trials(entry):
        model = files.models.read(trial.number)
        if (
            trial.number in frontier.numbers() and trial.cohort > 0
        ):  # the first cohort had no weights on disk
            assert model is not None
            assert model.shape == (len(ASKED.seeds), trial.size["raw"])
        else:
            assert model is None


def test_exchanged_outcomes_stay_where_they_are_exchanged(
    searched: tuple[Entry, Frontier],
) -> None:
    entry = searched[0]
    below = {path.name for path in entry.folder.path.iterdir() if path.is_dir()}
    if entry.locations.outcomes is None:
        assert below == {"outcomes", "models"}
        return
    assert below == set()
    assert names_in(entry.files.root) - {"outcomes"} == {
        "told",
        "models",
        "session.json",
    }  # a bucket has no empty folder
    cohorts: dict[int, list[Trial]] = {}
    for trial in catalog.read_trials(entry):
        cohorts.setdefault(trial.cohort, []).append(trial)
    assert len(cohorts) == 4
    for index, trials in cohorts.items():
        archived = entry.files.archive.read(
            Cohort(index, tuple(t.number for t in trials), tuple(t.candidate for t in trials))
        )
        assert archived is not None
        assert repr(archived.outcomes) == repr(tuple(trial.outcome for trial in trials))
        assert archived.elapsed_s > 0


# ---- the dispatcher ------------------------------------------------------------------------------


def dispatcher(
    home: Path, observers: Sequence[Any] = (), outcomes: str | None = None, **changes: Any
) -> Dispatcher:
    entry = catalog.define(toys.search(**changes), home, Locations.of(home, outcomes=outcomes))
    return Dispatcher(
        Session(entry.search, entry.open_storage(writable=True)), entry.files, observers
    )


def test_an_observer_that_raises_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []

    def broken(session: Session) -> None:
        raise OSError("the mirror is down")

    frontier = runner.run(
        toys.search(),
        tmp_path,
        "inline",
        observers=[broken, lambda session: seen.append(len(session.trials))],
    )
    assert frontier.members
    assert seen == [0, 4, 8, 12]
    assert caplog.text.count("an observer failed; the search continues") == 4
    assert "the mirror is down" in caplog.text


def test_a_worker_without_an_outcome_is_an_error(tmp_path: Path) -> None:
    live = dispatcher(tmp_path)
    cohort = live.next()
    assert cohort is not None
    with pytest.raises(SearchError, match="worker of cohort 0 reported, but its outcome is not in"):
        live.settle(cohort)
    assert {trial.state for trial in live.session.trials} == {TrialState.RUNNING}


def test_the_third_worker_that_dies_before_it_trains_stops_the_search(tmp_path: Path) -> None:
    live = dispatcher(tmp_path)
    cohort = live.next()
    assert cohort is not None
    for _ in range(FAILED_STARTS_ALLOWED):
        live.worker_died(cohort, "killed")
    with pytest.raises(
        SearchError,
        match="3 workers in a row died before they trained anything; the last one said: no memory",
    ):
        live.worker_died(cohort, "no memory")
    assert {trial.state for trial in live.session.trials} == {TrialState.RUNNING}


def test_a_worker_that_dies_in_a_stack_is_counted_against_that_stack(tmp_path: Path) -> None:
    live = dispatcher(tmp_path)
    cohort = live.next()
    assert cohort is not None
    checkpoints = live.files.outcomes.checkpoints(cohort.index)
    for _ in range(FAILED_STARTS_ALLOWED + 2):
        crashes.begin(checkpoints, "0")
        live.worker_died(cohort, "killed")
    assert crashes.deaths(checkpoints) == {"0": FAILED_STARTS_ALLOWED + 2}


def test_a_worker_that_is_lost_with_its_machine_is_no_fault_of_the_stack(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live = dispatcher(tmp_path)
    cohort = live.next()
    assert cohort is not None
    checkpoints = live.files.outcomes.checkpoints(cohort.index)
    for _ in range(crashes.LOST_MACHINES_ALLOWED):
        crashes.begin(checkpoints, "0")
        live.worker_died(cohort, "unavailable", machine_lost=True)
    assert crashes.deaths(checkpoints) == {}
    assert {record.message for record in caplog.records} == {
        "the worker of cohort 0 was lost with its machine in stack 0; it is trained again"
    }
    crashes.begin(checkpoints, "0")
    live.worker_died(cohort, "unavailable", machine_lost=True)
    assert crashes.deaths(checkpoints) == {"0": 1}
    assert caplog.messages[-1].endswith(
        "which has lost more than 8 machines, so that this counts as a death of it; "
        "it is trained again"
    )


def test_machines_lost_before_their_workers_train_stop_the_search_late(tmp_path: Path) -> None:
    """The bound is that of a stack. Rows that fill every memory must not use up machines."""
    live = dispatcher(tmp_path)
    cohort = live.next()
    assert cohort is not None
    for _ in range(2):
        for _ in range(crashes.LOST_MACHINES_ALLOWED + FAILED_STARTS_ALLOWED):
            live.worker_died(cohort, "unavailable", machine_lost=True)
        crashes.begin(live.files.outcomes.checkpoints(cohort.index), "0")
        live.worker_died(
            cohort, "unavailable", machine_lost=True
        )  # it trained: the count starts again
    for _ in range(crashes.LOST_MACHINES_ALLOWED + FAILED_STARTS_ALLOWED):
        live.worker_died(cohort, "unavailable", machine_lost=True)
    with pytest.raises(
        SearchError,
        match="3 workers in a row died before they trained anything; "
        "the last one said: unavailable",
    ):
        live.worker_died(cohort, "unavailable", machine_lost=True)


def test_a_cohort_is_queued_on_disk(tmp_path: Path) -> None:
    live = dispatcher(tmp_path)
    cohort = live.next()
    assert cohort is not None
    assert live.files.outcomes.queued(cohort.index) == cohort


def test_queueing_a_cohort_removes_files_of_other_candidates(tmp_path: Path) -> None:
    live = dispatcher(tmp_path)
    cohort = live.next()
    assert cohort is not None
    state = live.files.outcomes.checkpoints(cohort.index) / "0.npz"
    write_whole(state, b"of these candidates")
    live.files.outcomes.queue(cohort)
    assert state.exists()
    live.files.outcomes.queue(replace(cohort, candidates=cohort.candidates[::-1]))
    assert not state.exists()


def test_files_of_recorded_cohorts_are_put_away_by_the_next_session(tmp_path: Path) -> None:
    live = dispatcher(tmp_path)
    cohort, running = live.next(), live.next()
    assert cohort is not None
    assert running is not None
    outcomes = [fakes.train(candidate, live.search.seeds) for candidate in cohort.candidates]
    weights = {number: np.full((2, 3), number, dtype=np.float32) for number in cohort.numbers}
    live.files.outcomes.write(cohort, outcomes, weights)
    live.session.tell(cohort, outcomes)  # here it dies
    entry = catalog.find("toy-1", tmp_path)
    again = Dispatcher(Session(entry.search, entry.open_storage(writable=True)), entry.files)
    assert list(again.files.outcomes.indices()) == [running.index]
    members = Frontier.of(again.session.trials, again.session.objectives).numbers()
    assert members
    assert {
        number for number in cohort.numbers if again.files.models.read(number) is not None
    } == members


def train_and_settle(live: Dispatcher, cohort: Cohort) -> None:
    weights = {number: np.full((2, 3), number, dtype=np.float32) for number in cohort.numbers}
    live.files.outcomes.write(cohort, fakes.train_all(live.session, cohort), weights)
    live.settle(cohort)


def test_an_archive_is_replayed_though_its_cohorts_were_recorded_out_of_order(
    tmp_path: Path,
) -> None:
    """The second cohort was recorded while the first was in training.

    The second one's models stay while the first is trained and recorded.
    """
    shared = str(tmp_path / "shared")
    live = dispatcher(tmp_path / "lost", outcomes=shared)
    first, second = live.next(), live.next()
    assert first is not None
    assert second is not None
    train_and_settle(live, second)
    members = live.files.models.numbers()
    assert members
    write_whole(
        live.files.outcomes.checkpoints(second.index) / "0.npz",
        b"the session died while it removed the files",
    )
    again = dispatcher(tmp_path / "new", outcomes=shared)
    assert again.next() == first
    train_and_settle(again, first)
    assert again.files.models.numbers() >= members
    third = again.next()
    assert third is not None
    assert third.index == 2
    assert again.session.recorded(second.index) == second
    assert list(again.files.outcomes.indices()) == [third.index]
    train_and_settle(again, third)
    assert again.files.models.numbers() == again.session.frontier.numbers()


def test_an_outcome_of_other_candidates_is_not_recorded(tmp_path: Path) -> None:
    live = dispatcher(tmp_path)
    cohort = live.next()
    assert cohort is not None
    other = Cohort(cohort.index, cohort.numbers, cohort.candidates[::-1])
    live.files.outcomes.write(other, [Outcome((), "of another search")] * 4, {})
    with pytest.raises(SearchError, match="its outcome is not in"):
        live.settle(cohort)


@pytest.mark.parametrize("executor", list(EXECUTORS))
def test_a_changed_file_is_refused_before_any_trial(executor: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("a,target\n" + "".join(f"{i},{i % 2}\n" for i in range(40)))
    entry = catalog.define(toys.search(dataset=str(rows)), tmp_path / "home")
    rows.write_text(rows.read_text() + "41,1\n")
    with pytest.raises(SpecError, match="has changed or gone since search 'toy-1' was defined"):
        runner.conduct(entry, executor, Where(1), ())
    assert catalog.read_trials(entry) == []


def test_a_worker_trains_a_queued_cohort(tmp_path: Path) -> None:
    live = dispatcher(tmp_path, objectives=["loss", "params", "latency_ms"])
    cohort = live.next()
    assert cohort is not None
    Worker(live.search, live.files.outcomes).train(live.files.outcomes.queued(0))
    live.settle(cohort)
    assert all(trial.objectives["latency_ms"] > 0 for trial in live.session.trials)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.parametrize("executor", list(EXECUTORS))
def test_a_missing_gpu_is_refused_before_any_trial(executor: str, tmp_path: Path) -> None:
    entry = catalog.define(toys.search(), tmp_path)
    with pytest.raises(SpecError, match=r"leave --gpus-per-cohort out to train on CPUs"):
        runner.conduct(entry, executor, Where(1, gpus_per_cohort=0.5), ())
    assert [trial for trial in catalog.read_trials(entry) if trial.state.finished] == []


def test_the_last_words_of_the_last_worker_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(faulty.ATTEMPTS, str(tmp_path / "attempts"))
    monkeypatch.setenv(faulty.SESSION, str(os.getpid()))
    with pytest.raises(
        SearchError,
        match="3 workers in a row died before they trained anything; "
        "the last one said: .*attempt 3: no rows",
    ):
        runner.run(
            toys.search(dataset="tests.support.faulty:DATASET", in_flight=1),
            tmp_path,
            "ray_tune",
            Where(1),
        )


def test_memory_that_runs_out_stops_the_search_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray's memory monitor kills the worker at 3 GiB above what is used now."""
    kib = {
        name: int(rest.split()[0])
        for name, _, rest in (
            line.partition(":") for line in Path("/proc/meminfo").read_text().splitlines()
        )
    }
    threshold = 1 - (kib["MemAvailable"] - 3 * 2**20) / kib["MemTotal"]
    if threshold > 0.9:
        pytest.skip("less than 3 GiB of memory is free: memory that runs out is NOT tested")
    monkeypatch.setitem(watchdog.SYSTEM_CONFIG, "memory_usage_threshold", threshold)
    with pytest.raises(
        SearchError,
        match=r"the memory of its machine was almost full; everything finished is kept\. "
        "Go on with fewer --work",
    ):
        runner.run(
            toys.search(families={"tests.support.faulty:GREEDY": None}, in_flight=1),
            tmp_path,
            "ray_tune",
            Where(1),
        )


class SlowlyStarted(CohortTrainable):
    """A worker that starts slower than cohorts end, and 3 s slower than the worker before it."""

    def setup(
        self,
        config: dict[str, Any],
        spec: dict[str, Any] | None = None,
        root: str = "",
        device: str = "cpu",
    ) -> None:
        begun = Path(root) / "begun"
        begun.mkdir(exist_ok=True)
        (begun / f"{os.getpid()}").touch()
        time.sleep(3 * (len(list(begun.iterdir())) - 1))
        self.outcomes, self.index, self.seeds = (
            OutcomeFiles(Path(root)),
            config[COHORT],
            Search.from_spec(spec or {}).seeds,
        )

    def step(self) -> dict[str, Any]:
        cohort = self.outcomes.queued(self.index)
        time.sleep(0.1)
        self.outcomes.write(
            cohort, [fakes.train(candidate, self.seeds) for candidate in cohort.candidates], {}
        )
        return {COHORT: self.index, "done": True}


def test_a_worker_that_is_still_starting_is_not_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default Tune gives a free worker to the cohort that has waited longest.

    It then cancels that cohort's own worker, which would be the next to be ready.
    """
    monkeypatch.setattr(ray_tune, "CohortTrainable", SlowlyStarted)
    asked = toys.search(trials=50, cohort=1, in_flight=50, sampler="random")
    runner.run(asked, tmp_path, "ray_tune", Where(3))
    assert len(list((tmp_path / asked.name / "begun").iterdir())) == 3
