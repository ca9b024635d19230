"""The handover between a session and its workers: which cohort is next, and what happens when one is done.

The order of the steps is what makes a search survive the death of any part: the proposals are stored before anyone trains; the outcome is
left before the session is told; it is in the storage, and in the archive where there is one, before its files are removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from frontier_search.errors import SearchError
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage.outcomes import CohortOutcomes
from frontier_search.storage.search_files import SearchFiles
from frontier_search.training import crashes
from frontier_search.trial import Cohort, Outcome

STILLBIRTHS_ALLOWED = 2

Observer = Callable[[Session], None]

log = logging.getLogger(__name__)


class Handover:
    """One live search between its session and the workers.

    Args:
        session: asks and tells.
        files: where workers leave outcomes.
        observers: called when the first cohort is asked for (Ray has started by then, and the mirror is not in its way) and after every
            told cohort; one that raises is reported and never stops the search.
    """

    def __init__(
        self, session: Session, files: SearchFiles, observers: Sequence[Observer] = ()
    ) -> None:
        self.session, self.files, self.observers = session, files, tuple(observers)
        self._stillbirths = self._lost_unborn = (
            0  # in a row: workers that died, or were lost, before they trained anything
        )
        self._begun = False
        self._sure = False  # that no other session had the search a moment ago
        self._left = set(self._tidy())
        session.expect(max(self._left | files.archive.indices(), default=-1) + 1)

    @property
    def search(self) -> Search:
        return self.session.search

    def next(self) -> Cohort | None:
        """The next cohort that must be trained, or None for now; outcomes that were left behind, or told to a storage
        that is lost, are told on the way.

        Raises:
            SearchError: another session has taken the search over.
        """
        if not self._begun:
            self._begun = True
            self.observe()
        while (cohort := self.session.ask()) is not None:
            left = self.files.outcomes.read(
                cohort
            )  # before the archive is asked: an earlier session that ends this moment moves it there
            if (
                told := self.files.archive.read(cohort)
            ) is not None:  # what is left beside it is of a worker that came late
                self._tell_again(cohort, told, late=left is not None)
            elif left is not None:
                self._require_ours()
                self._tell(cohort, left)
            else:
                self._require_ours()
                if cohort.index not in self._left:
                    self.session.expect(
                        0
                    )  # a new one, or the archive's are of other candidates: from here on time counts
                self.files.outcomes.queue(cohort)
                return cohort
        return None

    def _require_ours(self) -> None:
        """Asks who has the search, unless it was asked a moment ago: one request a cohort."""
        if not self._sure:
            self.files.owner.require_ours()
        self._sure = False

    def settle(self, cohort: Cohort) -> None:
        """Tells the outcome that a worker left.

        Raises:
            SearchError: there is none, though the worker said so, or another session has taken the search over.
        """
        self.files.owner.require_ours()
        self._sure = True
        outcomes = self.files.outcomes.read(cohort)
        if outcomes is None:
            raise SearchError(
                f"the worker of cohort {cohort.index} reported, but its outcome is not in {self.files.outcomes.folder(cohort.index)}."
            )
        self._tell(cohort, outcomes)

    def worker_died(self, cohort: Cohort, reason: str, with_machine: bool = False) -> None:
        """Notes that the worker of a cohort died; the cohort is to be trained again, from its checkpoints.

        Args:
            reason: its last words.
            with_machine: it was lost because its machine was, which is nobody's fault, within the bounds of ``deaths``.

        Raises:
            SearchError: workers die before they train anything, so that trying again is in vain.
        """
        death = crashes.count(self.files.outcomes.checkpoints(cohort.index), with_machine)
        if death.stack is not None:
            self._stillbirths = self._lost_unborn = 0
        elif with_machine and self._lost_unborn < crashes.MACHINES_ALLOWED:
            self._lost_unborn += 1
        else:
            self._stillbirths += 1
        if self._stillbirths > STILLBIRTHS_ALLOWED:
            raise SearchError(
                f"{self._stillbirths} workers in a row died before they trained anything; the last one said: {reason}"
            )
        log.warning(
            "the worker of cohort %d %s; it is trained again",
            cohort.index,
            _how(death, with_machine),
        )

    def _tidy(self) -> Iterator[int]:
        """A session that died between telling a cohort and removing its files left them: the models of members are kept, the rest goes.

        Yields:
            the indices of the cohorts that have files and are not told.
        """
        for index in self.files.outcomes.indices():
            told = self.session.told(index)
            if told is None:
                yield index
            else:
                trials = (self.session.trials[number] for number in told.numbers)
                self._put_away(
                    told, [trial.outcome or Outcome((), trial.reason) for trial in trials]
                )

    def _put_away(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> None:
        members = self.session.frontier.numbers()
        self.files.models.keep(self.files.outcomes.weights(cohort, members))
        self._discard_models()
        self.files.archive.keep(cohort, outcomes, self.session.elapsed_s)
        self.files.outcomes.discard(cohort.index)

    def _discard_models(self) -> None:
        """Of the told alone: a search that is told again from the archive has models of members that it has not come to yet."""
        trials, left = (
            self.session.trials,
            self.files.models.numbers() - self.session.frontier.numbers(),
        )
        self.files.models.discard(
            number for number in left if number < len(trials) and trials[number].state.finished
        )

    def _tell(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> None:
        self.session.tell(cohort, outcomes)
        self._put_away(cohort, outcomes)
        self.observe()

    def _tell_again(self, cohort: Cohort, told: CohortOutcomes, late: bool) -> None:
        """Tells what a storage that is lost had; what is kept of it is there already.

        Args:
            late: whether a worker has left its outcome since this session began.
        """
        self._sure = False
        self.session.recall_elapsed(told.elapsed_s)
        self.session.tell(cohort, told.outcomes)
        self._discard_models()
        if late or cohort.index in self._left:
            self.files.outcomes.discard(cohort.index)
        self.observe()

    def observe(self) -> None:
        """Shows the session to the observers; what goes wrong there is reported and changes nothing here."""
        for observer in self.observers:
            try:
                observer(self.session)
            except Exception:  # a view or a mirror must never stop a search
                log.warning("an observer failed; the search goes on", exc_info=True)


def _how(death: crashes.Death, with_machine: bool) -> str:
    """What became of a worker: "died in stack 9", say."""
    where = f" in stack {death.stack}" if death.stack is not None else ""
    if not with_machine:
        return f"died{where}"
    counted = (
        f", which has lost more than {crashes.MACHINES_ALLOWED} machines, so that this counts as a death of it"
        if death.blamed
        else ""
    )
    return f"was lost with its machine{where}{counted}"
