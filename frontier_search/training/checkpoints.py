"""Checkpoints of a cohort in training: the state of each stack, written every few seconds.

A worker's death then costs seconds and not the cohort.
"""

from __future__ import annotations

import threading
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
    """The folder of one cohort's checkpoints. Threads that train stacks of the cohort share it.

    Args:
        folder: where they are written; None switches them off.
        every_s: seconds between two checkpoints.

    Raises:
        SearchError: (every method) the disk or the bucket is full or does not answer, which is not
            a candidate's fault.
    """

    def __init__(self, folder: AnyPath | None, every_s: float = 10.0) -> None:
        self.folder, self.every_s = folder, every_s
        self._deaths: dict[str, int] = {}
        self._written_before: set[str] = set()  # file names, listed once: a bucket answers slowly
        if folder is not None:
            with _using(folder):
                self._written_before = names_in(folder)
                self._deaths = crashes.deaths(folder) if self._written_before else {}
        self._finished: dict[str, Arrays] = {}  # stacks finished since the last checkpoint
        self._last_s = time.monotonic()
        self._in_training: list[str] = []
        self._lock = threading.Lock()

    @property
    def has_deaths(self) -> bool:
        """Whether a worker has died that counts against a stack of this cohort."""
        return bool(self._deaths)

    def deaths(self, stack: str) -> int:
        """Returns how many workers have died while they trained a stack."""
        return self._deaths.get(stack, 0)

    def begin(self, stack: str, part: str | None = None) -> Arrays | None:
        """Records that a stack is trained until ``end``, and returns its last state, or None.

        If the file is missing or damaged, training starts from the first epoch.

        Args:
            part: the name of the file, where training pauses; None: that of the stack.
        """
        if self.folder is None:
            return None
        with _using(self.folder):
            with self._lock:
                self._in_training.append(stack)
                crashes.begin(self.folder, *self._in_training)
            file = f"{part or stack}.npz"
            return read_arrays(self.folder / file) if file in self._written_before else None

    def end(self, stack: str) -> None:
        """Records that a stack is no longer in training. It is written when the next one begins."""
        with self._lock:
            if stack in self._in_training:
                self._in_training.remove(stack)

    def save(self, part: str, training: StackTraining, is_last: bool) -> None:
        """Writes a checkpoint if one is due: this part, and those finished since the last one.

        Args:
            is_last: whether this part ends with this epoch.
        """
        if self.folder is None:
            return
        with self._lock:
            if is_last:  # copied, because the stack may train on
                state = training.state()
                self._finished[part] = {name: array.copy() for name, array in state.items()}
            if time.monotonic() - self._last_s < self.every_s:
                return
            with _using(self.folder):
                for name, state in (self._finished | {part: training.state()}).items():
                    write_arrays(self.folder / f"{name}.npz", state)
            self._finished.clear()
            self._last_s = time.monotonic()


@contextmanager
def _using(folder: AnyPath) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SearchError(f"cannot read or write {folder}: {error.strerror or error}") from error
