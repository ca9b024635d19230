"""A worker trains cohorts of one search in this process, and writes their outcomes."""

from __future__ import annotations

import ctypes
from concurrent.futures import Future, ThreadPoolExecutor, wait

import torch

from frontier_search.data.seed_rows import SeedRows
from frontier_search.executors.devices import usable
from frontier_search.search.search import Search
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.training import crashes
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import train_cohort
from frontier_search.training.rows import Data
from frontier_search.training.threads import Stopping, Threads, flushed_denormals, settle_thread
from frontier_search.training.torch_compile import require
from frontier_search.trial import Cohort

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
CHECK_S = 0.1  # between two checks whether the next cohort is queued


class Worker:
    """Holds the rows of a search, so that they are made once a process.

    Args:
        threads: among which stacks are spread.
        rows: of all seeds, where they are made already.
        torch_compile: whether ``torch.compile`` makes programs of what torch trains.

    Raises:
        SpecError: the rows are not available, or the device or the compiler cannot be used.
    """

    def __init__(
        self,
        search: Search,
        outcomes: OutcomeFiles,
        device: str = "cpu",
        threads: int = 1,
        rows: SeedRows | None = None,
        torch_compile: bool = False,
    ) -> None:
        if torch_compile:
            require(device)
        self.torch_compile = torch_compile
        settle_process()
        self.search, self.outcomes, self.threads = search, outcomes, Threads(threads)
        self._cohorts = ThreadPoolExecutor(min(threads, 2), "cohort", initializer=settle_thread)
        self._ahead: dict[int, Future[None]] = {}  # by the index of the cohort
        self.data = Data(search.find_dataset(), search.seeds, usable(device), rows)

    def train(self, cohort: Cohort, stopping: Stopping | None = None) -> None:
        """Trains a cohort, from its checkpoints if there are any, and writes its outcome.

        Args:
            stopping: ends training between two epochs, with KeyboardInterrupt, when it is set.
        """
        checkpoints = Checkpoints(self.outcomes.checkpoints(cohort.index))
        with flushed_denormals():
            trained = train_cohort(
                cohort,
                self.data,
                self.search.budget,
                checkpoints,
                self.search.objective_table(),
                self.search.edition,
                self.threads,
                stopping,
                self.torch_compile,
            )
        self.outcomes.write(cohort, trained.outcomes, trained.weights)

    def begin(self, cohort: Cohort, stopping: Stopping | None = None) -> Future[None]:
        """Begins to train a cohort as ``train`` does, two at a time where there are threads.

        Threads that have nothing left to do for the first one then train stacks of the next one.
        """
        return self._cohorts.submit(self.train, cohort, stopping)

    def train_queued(self, index: int, begins_next: bool) -> None:
        """Trains a queued cohort, and begins the next one as soon as it is queued.

        Args:
            begins_next: whether no other process may train the next one. After a death it is not
                begun all the same, because the death of this process would count against this one.

        Raises:
            OSError: no such cohort is queued.
        """
        begins_next &= self.threads.count > 1
        begins_next &= not crashes.deaths(self.outcomes.checkpoints(index))
        job = self._ahead.pop(index, None)
        if job is None and not begins_next:
            self.train(self.outcomes.queued(index))
            return
        job = job or self.begin(self.outcomes.queued(index))
        while not wait([job], CHECK_S).done:
            if begins_next and not self._ahead:
                following = self.outcomes.not_begun(index + 1)
                if following is not None:
                    self._ahead[following.index] = self.begin(following)
        job.result()

    def close(self) -> None:
        """Begins no more cohorts."""
        self._cohorts.shutdown(wait=False, cancel_futures=True)


def settle_process() -> None:
    """Makes torch use one thread for each of ours, and keeps freed memory in the process.

    A stack of tiny products gains nothing from more threads. glibc returns every block above 128 kB
    to the system and faults it in again at the next minibatch, which costs up to a third of the
    time.
    """
    torch.set_num_threads(1)
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)
    except (OSError, AttributeError):  # not glibc: training is slower, with the same results
        return
