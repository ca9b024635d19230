"""The time budget of a search: how long it has been live, and whether a cohort ends in time."""

from __future__ import annotations

import math
import statistics
import time

COHORTS_TIMED = 5  # the latest ones, from which the time of the next one is predicted


class TimeBudget:
    """Counts the seconds that a search is live, over all its sessions.

    Args:
        budget_s: after which no cohort begins, or None.
        before_s: seconds that it was live in earlier sessions.
    """

    def __init__(self, budget_s: float | None, before_s: float) -> None:
        self._budget_s, self._before_s = budget_s, before_s
        self._began_s: float | None = None
        self._cohort_s: list[float] = []  # of the cohorts that began and ended in this process
        self._running: dict[int, float] = {}  # when each cohort began, by index

    def begin(self) -> None:
        """Starts the clock, unless it runs: the start of Ray, before it, takes no budget."""
        if self._began_s is None:
            self._began_s = time.monotonic()

    def begin_cohort(self, index: int) -> None:
        self._running[index] = time.monotonic()

    def end_cohort(self, index: int) -> None:
        """Notes what a cohort took; one that began in another process is not noted."""
        if index in self._running:
            self._cohort_s.append(time.monotonic() - self._running.pop(index))

    @property
    def elapsed_s(self) -> float:
        here_s = time.monotonic() - self._began_s if self._began_s is not None else 0.0
        return self._before_s + here_s

    @property
    def left_s(self) -> float:
        """Seconds that the budget leaves; infinite without one."""
        return math.inf if self._budget_s is None else max(self._budget_s - self.elapsed_s, 0.0)

    @property
    def is_used_up(self) -> bool:
        return self.left_s == 0.0

    def use_up_when_too_late(self) -> bool:
        """Counts the rest of the time as used, if a new cohort would end after it.

        Judged by the median of the last cohorts.

        Returns:
            whether it did.
        """
        if not self._cohort_s:
            return False
        left_s = self.left_s
        is_late = 0 < left_s < statistics.median(self._cohort_s[-COHORTS_TIMED:])
        self._before_s += left_s if is_late else 0.0
        return is_late

    def recall(self, elapsed_s: float) -> None:
        """Takes over the elapsed time that a lost storage had recorded, if it is larger."""
        self._before_s += max(0.0, elapsed_s - self.elapsed_s)
