"""Trains the first cohorts of a search in this process, while Ray starts.

They are the same trials: only the location differs. A cohort that a process began before and did
not finish is left to the workers. If training it ends a process, then only that of a worker.
"""

from __future__ import annotations

import math
import time
from concurrent.futures import Future, wait

from frontier_search.data.seed_rows import SeedRows
from frontier_search.errors import SearchError
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.process_ray import ProcessRay
from frontier_search.executors.worker import Worker
from frontier_search.training.threads import Stopping
from frontier_search.trial import Cohort

# On one machine a worker of Ray is no faster than this process: it keeps what ends a process away
# from the search. Ray's start costs ten seconds of two processors, so that much longer a search
# must take.
RAY_PAYS_S = 100.0
QUEUED = 3  # cohorts here at a time: two in training, and the next one, so that no thread waits
POLL_S = 0.25


class HeadStart:
    """Trains cohorts in threads of this process until it is closed.

    All methods are called from one thread, the one that owns the dispatcher.

    Args:
        dispatcher: of the search.
        threads: among which stacks are spread.

    Attributes:
        for_workers: cohorts that an earlier process began, and that only a worker may train.
    """

    def __init__(self, dispatcher: Dispatcher, threads: int) -> None:
        self.dispatcher = dispatcher
        self.for_workers: list[Cohort] = []
        self._files = dispatcher.files.outcomes
        self._worker = Worker(dispatcher.search, self._files, threads=threads)
        self._training: dict[Future[None], tuple[Cohort, Stopping]] = {}  # in their order
        # when the time of a trial is measured from, and how many were finished then
        self._since = time.monotonic(), self._n_finished()
        self._has_recorded = False

    def close(self) -> None:
        """Ends training between two epochs."""
        for _, stopping in self._training.values():
            stopping.set()
        self._worker.close()

    @property
    def rows(self) -> SeedRows:
        """The rows of all seeds."""
        return self._worker.data.rows

    @property
    def is_busy(self) -> bool:
        """Whether cohorts are in training here."""
        return bool(self._training)

    def train_until_up(self, ray: ProcessRay) -> bool:
        """Trains until Ray has answered, or the search is over; returns whether it is over.

        Ray is started as soon as it is known that the search takes much longer than Ray's own
        start.

        Raises:
            SearchError: training cannot continue.
        """
        self.fill()
        self._since = self._since[0], self._n_finished()  # what an archive held was not trained now
        while self.is_busy:
            if self.for_workers or self._left_s() > RAY_PAYS_S:
                ray.start()
            if ray.has_answered:
                return False
            self.settle(POLL_S)
            self.fill()
        return not self.for_workers

    def fill(self) -> None:
        """Begins to train the next cohorts, where there is room for them."""
        while len(self._training) < QUEUED and (cohort := self.dispatcher.next()) is not None:
            if self._files.was_begun(cohort.index):
                self.for_workers.append(cohort)
            else:
                stopping = Stopping()
                self._training[self._worker.begin(cohort, stopping)] = cohort, stopping

    def settle(self, timeout_s: float = 0.0) -> None:
        """Records the cohorts that are trained, in their order, after waiting for the first one.

        Args:
            timeout_s: the longest wait.

        Raises:
            SearchError: as ``Dispatcher.settle``, or training cannot continue.
        """
        wait([*self._training][:1], timeout_s)
        while self._training and (job := next(iter(self._training))).done():
            cohort, _ = self._training.pop(job)
            try:
                job.result()
            except OSError as error:
                raise SearchError(f"training stopped: {error}") from error
            self.dispatcher.settle(cohort)
            if not self._has_recorded:  # a small cohort takes as long to begin as a large one
                self._has_recorded, self._since = True, (time.monotonic(), self._n_finished())

    def _left_s(self) -> float:
        """Returns the least time that the search will take, from the time that it has taken."""
        session = self.dispatcher.session
        since_s, before = self._since
        in_training = sum(len(cohort.numbers) for cohort, _ in self._training.values())
        trained = self._n_finished() - before + in_training
        per_trial_s = (time.monotonic() - since_s) / trained
        left = session.search.trials - before - trained
        budget_s = session.search.time_budget_s
        left_s = math.inf if budget_s is None else budget_s - session.elapsed_s
        return min(left * per_trial_s, left_s)

    def _n_finished(self) -> int:
        return sum(trial.state.finished for trial in self.dispatcher.session.trials)
