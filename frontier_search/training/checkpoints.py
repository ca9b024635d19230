"""Checkpoints of a cohort in training: each stack's state, every so many seconds, so that a worker's death costs seconds and not the cohort."""

from __future__ import annotations

import time
from pathlib import Path

from frontier_search.files import read_arrays, write_arrays
from frontier_search.training.train import Arrays, StackTraining


class Checkpoints:
    """The folder of one cohort's checkpoints.

    Args:
        folder: where ``NAME.npz`` files are written; None keeps none.
        every_s: seconds between two checkpoints of a stack.
    """

    def __init__(self, folder: Path | None, every_s: float = 10.0) -> None:
        self.folder, self.every_s = folder, every_s
        self._last = time.monotonic()

    def load(self, name: str) -> Arrays | None:
        """The state that was left, or None; a file that cannot be read counts as none, and training starts again."""
        return read_arrays(self.folder / f"{name}.npz") if self.folder else None

    def save(self, name: str, training: StackTraining) -> None:
        """Leaves the state when it is due: every ``every_s``, and at the end of a stack that took as long."""
        if self.folder is None or time.monotonic() - self._last < self.every_s:
            return
        write_arrays(self.folder / f"{name}.npz", training.state())
        self._last = time.monotonic()
