"""The handover between a session and its workers: which cohort is next, and what happens when one is done.

The order of the steps is what makes a search survive the death of any part: the proposals are stored before anyone trains; the outcome is on
the disk before the session is told; the outcome is in the storage before its files are removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from frontier_search.errors import SearchError
from frontier_search.folder import SearchFolder
from frontier_search.frontier import Frontier
from frontier_search.outcomes import OutcomeFiles
from frontier_search.search import Search
from frontier_search.session import Session
from frontier_search.trial import Cohort, Outcome

Observer = Callable[[Session], None]

log = logging.getLogger(__name__)


class Handover:
    """One live search between its session and the workers.

    Args:
        session: asks and tells.
        folder: where workers leave outcomes.
        observers: called after every told cohort; one that raises is reported and never stops the search.
    """

    def __init__(self, session: Session, folder: SearchFolder, observers: Sequence[Observer] = ()) -> None:
        self.session, self.folder, self.observers = session, folder, tuple(observers)
        self.files = OutcomeFiles(folder)

    @property
    def search(self) -> Search:
        return self.session.search

    def next(self) -> Cohort | None:
        """The next cohort that must be trained, or None for now; outcomes that were left behind are told on the way."""
        while (cohort := self.session.ask()) is not None:
            outcomes = self.files.take(cohort)
            if outcomes is None:
                self.files.post(cohort)
                return cohort
            self._tell(cohort, outcomes)
        return None

    def settle(self, cohort: Cohort) -> None:
        """Tells the outcome that a worker left.

        Raises:
            SearchError: there is none, though the worker said so.
        """
        outcomes = self.files.take(cohort)
        if outcomes is None:
            raise SearchError(f"the worker of cohort {cohort.index} reported, but its outcome is not in {self.folder.cohort(cohort.index)}.")
        self._tell(cohort, outcomes)

    def give_up(self, cohort: Cohort, reason: str) -> None:
        """Tells that a cohort cannot be trained: each of its trials fails with the reason."""
        self._tell(cohort, [Outcome((), reason)] * len(cohort.numbers))

    def _tell(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> None:
        self.session.tell(cohort, outcomes)
        members = Frontier.of(self.session.trials, self.session.objectives).numbers()
        self.files.keep_models(cohort, members)
        self.files.discard_models(members)
        self.files.discard(cohort.index)
        for observer in self.observers:
            try:
                observer(self.session)
            except Exception:  # a view or a mirror must never stop a search
                log.warning("an observer failed; the search goes on", exc_info=True)
