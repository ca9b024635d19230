"""What the dispatcher does with cohorts, outcomes, dead workers, files and observers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frontier_search import runner
from frontier_search.errors import SearchError
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.worker import Worker
from frontier_search.executors.worker_deaths import FAILED_STARTS_ALLOWED
from frontier_search.files import write_whole
from frontier_search.frontier.frontier import Frontier
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.locations import Locations
from frontier_search.training import crashes
from frontier_search.trial import Cohort, Outcome, TrialState
from tests.support import fakes, toys


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


def test_a_worker_trains_a_queued_cohort(tmp_path: Path) -> None:
    live = dispatcher(tmp_path, objectives=["loss", "params", "latency_ms"])
    cohort = live.next()
    assert cohort is not None
    Worker(live.search, live.files.outcomes).train(live.files.outcomes.queued(0))
    live.settle(cohort)
    assert all(trial.objectives["latency_ms"] > 0 for trial in live.session.trials)
