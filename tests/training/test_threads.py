"""Stacks of a cohort in threads: the same outcomes, and what an error or a death does to them."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from frontier_search import Candidate, Cohort, TrainingBudget
from frontier_search.errors import SearchError
from frontier_search.training import crashes
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import Trained, train_cohort
from frontier_search.training.rows import Data
from frontier_search.training.threads import AT_ONCE, Stopping, Threads, run_all
from frontier_search.training.train import StackTraining
from tests.support import faulty, toys

DATA = Data(toys.MULTICLASS, (101, 202, 303), torch.device("cpu"))
RATE = {"learning_rate": 0.01}
RECURRENT = {"steps": 2, "spectral_radius": 0.9, "graph_noise": 0.0, **RATE}
CANDIDATES = (
    Candidate("dense", {"hidden": 4, **RATE}),
    Candidate("dense", {"hidden": 4, "learning_rate": 0.1}),
    Candidate("dense", {"hidden": 9, **RATE}),
    Candidate("tests.support.faulty:FAMILY", {"hidden": 4, **RATE}),
    Candidate("kronecker", {"hidden": 8, **RECURRENT}),
    Candidate("dense", {"hidden": 4, "learning_rate": -1.0}),
    Candidate("varpro", {"hidden": 4, "ridge": 1e-3, **RECURRENT}),
)
COHORT = Cohort(0, tuple(range(len(CANDIDATES))), CANDIDATES)
BUDGET = TrainingBudget(4, 16)


def train(threads: int, checkpoints: Checkpoints | None = None) -> Trained:
    return train_cohort(
        COHORT, DATA, BUDGET, checkpoints or Checkpoints(None), threads=Threads(threads)
    )


def plain(trained: Trained) -> list[Any]:
    """Everything but times, to the last bit."""
    outcomes = [
        [repr(seed.to_record() | {"seconds": 0.0}) for seed in outcome.seeds] + [outcome.failure]
        for outcome in trained.outcomes
    ]
    return [outcomes, {number: weights.tobytes() for number, weights in trained.weights.items()}]


@pytest.mark.parametrize("threads", [2, 5])
def test_outcomes_do_not_depend_on_the_number_of_threads(threads: int) -> None:
    one, many = train(1), train(threads)
    assert plain(many) == plain(one)
    assert [bool(outcome.seeds) for outcome in many.outcomes] == [True] * 3 + [
        False,
        True,
        False,
        True,
    ]
    assert many.outcomes[3].failure == f"RuntimeError: {faulty.MESSAGE}"


def test_compiled_stacks_train_at_the_same_time_and_all_others_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained_by: dict[int, str] = {}

    def run(training: StackTraining, *_: Any) -> None:
        for model in training.stack.models:
            trained_by[model.candidate] = threading.current_thread().name

    monkeypatch.setattr(StackTraining, "run", run)
    train(2)
    main = threading.main_thread().name
    assert {i: name == main for i, name in trained_by.items()} == {
        0: False,
        1: False,
        2: False,
        4: False,
        3: True,
        6: True,
    }


def test_after_a_death_one_stack_is_in_training_at_a_time(tmp_path: Path) -> None:
    """A death counts against all that were in training, so a second one must find the faulty."""
    crashes.begin(tmp_path, "0", "2")
    assert crashes.count_death(tmp_path) == crashes.Death("0, 2", blamed=True)
    assert crashes.deaths(tmp_path) == {"0": 1, "2": 1}
    seen = set()

    class Watched(Checkpoints):
        def save(self, part: str, training: StackTraining, is_last: bool) -> None:
            seen.add((tmp_path / "training").read_text())

    after = train(4, Watched(tmp_path))
    assert seen == {"0", "1", "3", "4"}
    assert plain(after) == plain(train(1))


def test_a_full_disk_stops_the_threads(tmp_path: Path) -> None:
    class Full(Checkpoints):
        def save(self, part: str, training: StackTraining, is_last: bool) -> None:
            raise SearchError("the disk is full")

    with pytest.raises(SearchError, match="the disk is full"):
        train(3, Full(tmp_path))


def test_an_error_stops_what_still_runs() -> None:
    stopping, began = Stopping(), threading.Event()

    def endless() -> None:
        began.set()
        while True:
            stopping.raise_if_set()

    def fails() -> None:
        began.wait()
        raise ValueError("in the other thread")

    with pytest.raises(ValueError, match="in the other thread"):
        run_all([endless, fails], [(0, -2.0), (0, -1.0)], [True, False], Threads(2), stopping)


def test_the_most_urgent_task_that_waits_runs_first() -> None:
    """Those of an earlier cohort, and of one cohort the most expensive."""
    threads, may_begin, order = Threads(1), threading.Event(), list[str]()
    threads.submit(may_begin.wait)
    urgencies = {"later": (4, -9.0), "cheap": (3, -1.0), "dear": (3, -2.0)}
    futures = [threads.submit(partial(order.append, n), u) for n, u in urgencies.items()]
    may_begin.set()
    wait(futures)
    assert order == ["dear", "cheap", "later"]


@pytest.mark.parametrize("busy", [0, 1, 2])
def test_models_are_spread_over_the_threads_that_have_nothing_to_do(busy: int) -> None:
    threads, may_end, items = Threads(3), threading.Event(), np.arange(7, dtype=np.int32)
    for _ in range(busy):
        threads.submit(may_end.wait)
    parts = threads.spread(np.copy, items)
    may_end.set()
    assert len(parts) == min(3, 1 + 3 - busy)
    assert np.array_equal(np.concatenate(parts), items)


def test_a_part_that_no_thread_begins_runs_where_it_was_asked_for() -> None:
    may_end = threading.Event()

    class Taken(Threads):
        """Other stacks take the threads that had nothing to do."""

        def submit(self, task: Any, urgency: Any = AT_ONCE) -> Any:
            for _ in range(self.count):
                super().submit(may_end.wait, AT_ONCE)
            return super().submit(task, urgency)

    def name(_: Any) -> str:
        return threading.current_thread().name

    names = Taken(2).spread(name, np.arange(2, dtype=np.int32))
    may_end.set()
    assert names == [threading.current_thread().name] * 2
