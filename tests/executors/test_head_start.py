"""The first cohorts are trained in the driver's process, and the trials stay the same."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from frontier_search import runner
from frontier_search.errors import SearchError
from frontier_search.executors import Where, head_start, processors
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.head_start import HeadStart
from frontier_search.executors.process_ray import ProcessRay
from frontier_search.executors.worker import Worker
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.training import crashes
from frontier_search.training.threads import Stopping
from frontier_search.trial import Cohort, Trial
from tests.support import toys

ASKED = toys.search(trials=40, cohort=2, in_flight=3, sampler="tpe")


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Trial]:
    """The trials that ``inline`` gives."""
    return trials_of(ASKED, "inline", tmp_path_factory.mktemp("inline"))


def trials_of(search: Search, executor: str, home: Path) -> Sequence[Trial]:
    runner.run(search, home, executor)
    return catalog.read_trials(catalog.find(search.name, home))


def measured(trials: Sequence[Trial]) -> list[Any]:
    return [
        (trial.candidate, trial.cohort, [seed.metrics for seed in trial.outcome.seeds])
        for trial in trials
        if trial.outcome
    ]


def process_of(trial: Trial) -> int:
    assert trial.outcome is not None
    assert trial.outcome.worker is not None
    return int(trial.outcome.worker.rpartition(":")[2])


def no_ray(_: ProcessRay) -> None:
    raise AssertionError("Ray was started")


def test_a_search_that_is_over_before_ray_is_up_never_starts_it(
    defined: Sequence[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProcessRay, "start", no_ray)
    trials = trials_of(ASKED, "ray_tune", tmp_path)
    assert measured(trials) == measured(defined)
    assert {process_of(trial) for trial in trials} == {os.getpid()}


def test_a_search_that_takes_longer_is_handed_over_to_a_worker(
    defined: Sequence[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process trains half of the search, and no more until the worker is ready."""
    from frontier_search.executors.tune_adapters import CohortSearcher  # loads ray

    worker_is_ready, begun = threading.Event(), itertools.count()
    train, complete = Worker.train, CohortSearcher.on_trial_complete

    def train_half(worker: Worker, cohort: Cohort, stopping: Stopping | None = None) -> None:
        if next(begun) >= 10:
            worker_is_ready.wait()
        train(worker, cohort, stopping)

    def note(searcher: CohortSearcher, *result: Any, **named: Any) -> None:
        complete(searcher, *result, **named)
        worker_is_ready.set()

    monkeypatch.setattr(head_start, "RAY_PAYS_S", -1.0)
    monkeypatch.setattr(Worker, "train", train_half)
    monkeypatch.setattr(CohortSearcher, "on_trial_complete", note)
    trials = trials_of(ASKED, "ray_tune", tmp_path)
    assert measured(trials) == measured(defined)
    processes = [process_of(trial) for trial in trials]
    assert processes.count(os.getpid()) in (20, 22, 24, 26)
    assert len(set(processes)) == 2


def test_the_time_until_training_begins_is_not_taken_for_that_of_a_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray would be started for a short search whose first cohort is small."""
    clock = [0.0]
    monkeypatch.setattr(head_start, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    entry = catalog.define(ASKED, tmp_path)
    session = Session(ASKED, entry.open_storage(writable=True))
    with closing(HeadStart(Dispatcher(session, entry.files), threads=1)) as start:
        start.fill()
        clock[0] = 12.0  # until the first cohort is trained
        assert start._left_s() == pytest.approx(12.0 / 6 * 34)  # 3 cohorts of 2 are in training
        while not any(trial.state.finished for trial in session.trials):
            start.settle(0.25)
        start.fill()
        clock[0] = 13.0
        begun = len(session.trials) - 2  # after the first cohort
        assert start._left_s() == pytest.approx(1.0 / begun * (38 - begun))


def test_a_cohort_that_an_earlier_process_began_is_left_to_a_worker(tmp_path: Path) -> None:
    entry = catalog.define(ASKED, tmp_path)
    dead = Session(ASKED, entry.open_storage(writable=True))
    first, _ = dead.ask(), dead.ask()
    assert first is not None
    entry.files.outcomes.queue(first)
    crashes.begin(entry.files.outcomes.checkpoints(first.index), "0")
    session = Session(ASKED, entry.open_storage(writable=True))
    with closing(HeadStart(Dispatcher(session, entry.files), threads=1)) as start:
        start.fill()
        assert start.for_workers == [first]
        assert start.is_busy


def test_an_error_of_training_stops_the_search_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no space")

    monkeypatch.setattr(OutcomeFiles, "write", fail)
    with pytest.raises(SearchError, match="training stopped: no space"):
        runner.run(ASKED, tmp_path)


def test_only_the_kernel_trains_here_and_nothing_that_is_timed() -> None:
    timed = toys.search(objectives=["loss", "latency_ms"])
    with_torch = toys.search(families={"tests.support.faulty:FAMILY": None})
    assert processors.trains_here(Where(), ASKED)
    assert not processors.trains_here(Where(), timed)
    assert not processors.trains_here(Where(), with_torch)
    for where in (Where(workers=2), Where(address="auto"), Where(gpus_per_cohort=1)):
        assert not processors.trains_here(where, ASKED)
