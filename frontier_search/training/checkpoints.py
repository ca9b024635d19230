"""Checkpoints of a cohort in training: each stack's state, every so many seconds, so that a worker's death costs seconds and not the cohort."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from frontier_search.errors import SearchError
from frontier_search.files import names_in, read_arrays, write_arrays
from frontier_search.training import crashes
from frontier_search.training.train import Arrays, StackTraining

if TYPE_CHECKING:
    from frontier_search.files import AnyPath


class Checkpoints:
    """The folder of one cohort's checkpoints.

    Args:
        folder: where they are written; None keeps none.
        every_s: seconds between two checkpoints.

    Raises:
        SearchError: (every method) the disk is full, or it or the bucket does not answer, which is no fault of a candidate's.
    """

    def __init__(self, folder: AnyPath | None, every_s: float = 10.0) -> None:
        self.folder, self.every_s = folder, every_s
        self._deaths: dict[str, int] = {}
        self._left: set[str] = (
            set()
        )  # the files of an earlier worker: one look for all stacks, because a bucket answers slowly
        if folder is not None:
            with _using(folder):
                self._left = names_in(folder)
                self._deaths = crashes.deaths(folder) if self._left else {}
        self._finished: dict[
            str, Arrays
        ] = {}  # stacks that were finished since the last checkpoint was written
        self._last = time.monotonic()

    def deaths(self, stack: str) -> int:
        """How many workers have died while they trained a stack."""
        return self._deaths.get(stack, 0)

    def begin(self, stack: str) -> Arrays | None:
        """Says that a stack is trained from now on, and returns the state that was left, or None.

        A file that cannot be read counts as none, and training starts again.
        """
        if self.folder is None:
            return None
        with _using(self.folder):
            crashes.begin(self.folder, stack)
            return (
                read_arrays(self.folder / f"{stack}.npz") if f"{stack}.npz" in self._left else None
            )

    def save(self, stack: str, training: StackTraining) -> None:
        """Leaves the state when it is due, and with it those of the stacks that were finished in the meantime."""
        if self.folder is None:
            return
        if training.epoch >= training.budget.epochs:
            self._finished[stack] = training.state()
        if time.monotonic() - self._last < self.every_s:
            return
        with _using(self.folder):
            for name, state in (self._finished | {stack: training.state()}).items():
                write_arrays(self.folder / f"{name}.npz", state)
        self._finished.clear()
        self._last = time.monotonic()


@contextmanager
def _using(folder: AnyPath) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SearchError(f"cannot read or write {folder}: {error.strerror or error}") from error
