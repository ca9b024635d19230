"""A worker begins the next cohort before its own is over, where only it may train that one."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from frontier_search.executors import worker as worker_module
from frontier_search.executors.worker import Worker
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.training import crashes
from frontier_search.training.threads import Stopping
from frontier_search.trial import Candidate, Cohort
from tests.support import toys

SEARCH = toys.search(trials=4, cohort=2)
WAIT_S = 60.0  # for what must happen


class Watched(Worker):
    """Holds back the first cohort until the second one has begun, or for three checks."""

    def __init__(self, outcomes: OutcomeFiles, threads: int) -> None:
        super().__init__(SEARCH, outcomes, threads=threads)
        self.trained: list[int] = []
        self.second_began = threading.Event()
        self.patience_s = 3 * worker_module.CHECK_S

    def train(self, cohort: Cohort, stopping: Stopping | None = None) -> None:
        self.trained.append(cohort.index)
        if cohort.index == 0:
            self.second_began.wait(self.patience_s)
        else:
            self.second_began.set()
        super().train(cohort, stopping)


@pytest.fixture
def outcomes(tmp_path: Path) -> OutcomeFiles:
    """Two queued cohorts."""
    files = OutcomeFiles(tmp_path)
    candidates = [Candidate("dense", {"hidden": n, "learning_rate": 0.01}) for n in (4, 5)]
    for index in range(2):
        files.queue(Cohort(index, (2 * index, 2 * index + 1), tuple(candidates)))
    return files


def test_the_next_cohort_begins_early_and_is_trained_once(outcomes: OutcomeFiles) -> None:
    worker = Watched(outcomes, threads=2)
    worker.patience_s = WAIT_S
    worker.train_queued(0, begins_next=True)
    assert worker.second_began.is_set()
    worker.train_queued(1, begins_next=True)
    assert worker.trained == [0, 1]
    for index in range(2):
        assert outcomes.read(outcomes.queued(index)) is not None


@pytest.mark.parametrize("why", ["not asked to", "one thread", "a death", "begun elsewhere"])
def test_the_next_cohort_is_left(outcomes: OutcomeFiles, why: str) -> None:
    if why == "a death":
        crashes.begin(outcomes.checkpoints(0), "0")
        crashes.count_death(outcomes.checkpoints(0))
    if why == "begun elsewhere":
        crashes.begin(outcomes.checkpoints(1), "0")
    worker = Watched(outcomes, threads=1 if why == "one thread" else 2)
    worker.train_queued(0, begins_next=why != "not asked to")
    assert worker.trained == [0]
