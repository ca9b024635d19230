"""A worker trains cohorts of one search in this process, and writes their outcomes."""

from __future__ import annotations

import ctypes

import torch

from frontier_search.data.seed_rows import SeedRows
from frontier_search.executors.devices import usable
from frontier_search.search.search import Search
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import train_cohort
from frontier_search.training.rows import Data
from frontier_search.training.threads import Stopping, flushed_denormals
from frontier_search.trial import Cohort

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h


class Worker:
    """Holds the rows of a search, so that they are made once a process.

    Args:
        threads: among which the stacks of a cohort are spread.
        rows: of all seeds, where they are made already.

    Raises:
        SpecError: the rows are not available, or the device cannot be used.
    """

    def __init__(
        self,
        search: Search,
        outcomes: OutcomeFiles,
        device: str = "cpu",
        threads: int = 1,
        rows: SeedRows | None = None,
    ) -> None:
        settle_process()
        self.search, self.outcomes, self.threads = search, outcomes, threads
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
            )
        self.outcomes.write(cohort, trained.outcomes, trained.weights)


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
