"""The handover between a session and its workers: which cohort is next, and what happens when one is done.

The order of the steps is what makes a search survive the death of any part: the proposals are stored before anyone trains; the outcome is on
the disk before the session is told; the outcome is in the storage before its files are removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from frontier_search import deaths
from frontier_search.errors import SearchError
from frontier_search.folder import SearchFolder
from frontier_search.outcomes import OutcomeFiles
from frontier_search.search import Search
from frontier_search.session import Session
from frontier_search.trial import Cohort, Outcome

STILLBIRTHS_ALLOWED = 2

Observer = Callable[[Session], None]

log = logging.getLogger(__name__)


class Handover:
    """One live search between its session and the workers.

    Args:
        session: asks and tells.
        folder: where workers leave outcomes.
        observers: called when the first cohort is asked for (Ray has started by then, and the mirror is not in its way) and after every
            told cohort; one that raises is reported and never stops the search.
    """

    def __init__(self, session: Session, folder: SearchFolder, observers: Sequence[Observer] = ()) -> None:
        self.session, self.folder, self.observers = session, folder, tuple(observers)
        self.files = OutcomeFiles(folder)
        self._stillbirths = 0
        self._begun = False
        self._tidy()

    @property
    def search(self) -> Search:
        return self.session.search

    def next(self) -> Cohort | None:
        """The next cohort that must be trained, or None for now; outcomes that were left behind are told on the way."""
        if not self._begun:
            self._begun = True
            self.observe()
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
            raise SearchError(
                f"the worker of cohort {cohort.index} reported, but its outcome is not in {self.folder.cohort(cohort.index)}."
            )
        self._tell(cohort, outcomes)

    def worker_died(self, cohort: Cohort, reason: str) -> None:
        """Notes that the worker of a cohort died; the cohort is to be trained again, from its checkpoints.

        Raises:
            SearchError: workers die before they train anything, so that trying again is in vain.
        """
        stack = deaths.count(self.files.checkpoints(cohort.index))
        self._stillbirths = 0 if stack else self._stillbirths + 1
        if self._stillbirths > STILLBIRTHS_ALLOWED:
            raise SearchError(f"{self._stillbirths} workers in a row died before they trained anything; the last one said: {reason}")
        log.warning("the worker of cohort %d died%s; it is trained again", cohort.index, f" in stack {stack}" if stack else "")

    def _tidy(self) -> None:
        """A session that died between telling a cohort and removing its files left them: the models of members are kept, the rest goes."""
        for index in self.files.left():
            told = self.session.told(index)
            if told is not None:
                self._put_away(told)

    def _put_away(self, cohort: Cohort) -> None:
        members = self.session.frontier.numbers()
        self.files.keep_models(cohort, members)
        self.files.discard_models(members)
        self.files.discard(cohort.index)

    def _tell(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> None:
        self.session.tell(cohort, outcomes)
        self._put_away(cohort)
        self.observe()

    def observe(self) -> None:
        """Shows the session to the observers; what goes wrong there is reported and changes nothing here."""
        for observer in self.observers:
            try:
                observer(self.session)
            except Exception:  # a view or a mirror must never stop a search
                log.warning("an observer failed; the search goes on", exc_info=True)
