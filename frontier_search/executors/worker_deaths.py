"""What the death of a worker means: the stack it counts against, and when the search must stop."""

from __future__ import annotations

import logging

from frontier_search.errors import SearchError
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.training import crashes
from frontier_search.trial import Cohort

FAILED_STARTS_ALLOWED = 2  # in a row, before the search stops

log = logging.getLogger(__name__)


class WorkerDeaths:
    """Counts the workers that died, over all cohorts of a search.

    Args:
        outcomes: the folders of the cohorts in flight, which keep the counts of each stack.
    """

    def __init__(self, outcomes: OutcomeFiles) -> None:
        self._outcomes = outcomes
        self._failed_starts = 0  # workers in a row that died before their first stack
        self._lost_starts = 0  # workers in a row whose machine was lost before their first stack

    def note(self, cohort: Cohort, last_words: str, machine_lost: bool) -> None:
        """Counts the death of the worker of a cohort.

        Args:
            last_words: the last line that the worker printed.
            machine_lost: the worker was lost with its machine. This is no fault of its stack, until
                the stack has lost more than ``crashes.LOST_MACHINES_ALLOWED`` machines.

        Raises:
            SearchError: workers die before they train anything, so that another try would too.
        """
        death = crashes.count_death(self._outcomes.checkpoints(cohort.index), machine_lost)
        if death.stack is not None:
            self._failed_starts = self._lost_starts = 0
        elif machine_lost and self._lost_starts < crashes.LOST_MACHINES_ALLOWED:
            self._lost_starts += 1
        else:
            self._failed_starts += 1
        if self._failed_starts > FAILED_STARTS_ALLOWED:
            raise SearchError(
                f"{self._failed_starts} workers in a row died before they trained anything; "
                f"the last one said: {last_words}"
            )
        log.warning(
            "the worker of cohort %d %s; it is trained again",
            cohort.index,
            _described(death, machine_lost),
        )


def _described(death: crashes.Death, machine_lost: bool) -> str:
    """Returns what happened to a worker, for example "died in stacks 9, 3"."""
    where = ""
    if death.stack is not None:
        where = f" in stacks {death.stack}" if "," in death.stack else f" in stack {death.stack}"
    if not machine_lost:
        return f"died{where}"
    words = f"was lost with its machine{where}"
    if death.blamed:
        words += (
            f", which has lost more than {crashes.LOST_MACHINES_ALLOWED} machines, "
            "so that this counts as a death of it"
        )
    return words
