"""The dispatcher between a session and its workers: which cohort is next, and what is done when one is trained.

A search survives the death of any part because of the order of the steps. Proposals are stored
before anyone trains them. A worker writes its outcome before the session records it. The outcome is
in the storage, and in the archive where there is one, before the worker's files are removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from frontier_search.errors import SearchError
from frontier_search.executors.worker_deaths import WorkerDeaths
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage.outcomes import CohortOutcomes
from frontier_search.storage.search_files import SearchFiles
from frontier_search.trial import Cohort, Outcome

Observer = Callable[[Session], None]

log = logging.getLogger(__name__)


class Dispatcher:
    """Hands the cohorts of one live search to workers, and records their outcomes.

    Args:
        session: asks and tells.
        files: where workers write outcomes.
        observers: called when the executor asks for the first cohort, and after every recorded
            cohort. By the first call Ray has started, so that the mirror does not slow it down. An
            observer that raises is reported and never stops the search.
    """

    def __init__(
        self, session: Session, files: SearchFiles, observers: Sequence[Observer] = ()
    ) -> None:
        self.session, self.files, self.observers = session, files, tuple(observers)
        self._deaths = WorkerDeaths(files.outcomes)
        self._has_begun = False
        self._ownership_checked = False  # since the last cohort was handed out
        self._without_outcome: list[Cohort] = []  # the replay asked for them; they must be trained
        self._pending = set(self._clean_up())  # indices, when this session began
        self._last_to_replay = max(self._pending | files.archive.indices(), default=-1)

    @property
    def search(self) -> Search:
        return self.session.search

    @property
    def finished(self) -> bool:
        """Whether the session is finished and the archive holds no cohort that it lacks."""
        return self.session.finished and not self.session.has_yet_to_propose(self._last_to_replay)

    # ---- handing out -----------------------------------------------------------------------------

    def next(self) -> Cohort | None:
        """Returns the next cohort to train, or None if nothing can be started yet.

        Cohorts whose outcome exists already are recorded on the way and not trained again.

        Raises:
            SearchError: another session has taken the search over.
        """
        if not self._has_begun:
            self._has_begun = True
            self.observe()
            self._replay()
        while (cohort := self._ask()) is not None:
            if not self._record_existing(cohort):
                self._require_ownership()
                self.files.outcomes.queue(cohort)
                return cohort
        return None

    def _ask(self) -> Cohort | None:
        return self._without_outcome.pop(0) if self._without_outcome else self.session.ask()

    def _replay(self) -> None:
        """Asks for every cohort that an earlier session asked for, and records the outcomes there are.

        A storage that was lost is rebuilt so, even if the time budget is used up: its cohorts were
        proposed in time. The first one that is neither in training nor in the archive ends this.
        Then the archive's outcomes are of other candidates, as another version of Optuna may propose
        them.
        """
        while (cohort := self.session.ask_again(self._last_to_replay)) is not None:
            if not self._record_existing(cohort):
                self._without_outcome.append(cohort)
                if cohort.index not in self._pending:
                    break
        self._last_to_replay = -1

    def _require_ownership(self) -> None:
        """Raises SearchError when another session owns the search: one request a cohort."""
        if not self._ownership_checked:
            self.files.owner.require_ours()
        self._ownership_checked = False

    # ---- recording -------------------------------------------------------------------------------

    def settle(self, cohort: Cohort) -> None:
        """Records the outcome of a cohort whose worker has reported.

        Raises:
            SearchError: there is no outcome, or another session has taken the search over.
        """
        self.files.owner.require_ours()
        self._ownership_checked = True
        outcomes = self.files.outcomes.read(cohort)
        if outcomes is None:
            raise SearchError(
                f"the worker of cohort {cohort.index} reported, but its outcome is not in "
                f"{self.files.outcomes.folder(cohort.index)}."
            )
        self._record(cohort, outcomes)

    def worker_died(self, cohort: Cohort, last_words: str, with_machine: bool = False) -> None:
        """Notes that the worker of a cohort died. The cohort must be trained again, from its checkpoints.

        Args:
            last_words: the last line that the worker printed.
            with_machine: the worker was lost with its machine.

        Raises:
            SearchError: workers die before they train anything, so that another try would too.
        """
        self._deaths.note(cohort, last_words, with_machine)

    def _record_existing(self, cohort: Cohort) -> bool:
        """Records a cohort that has an outcome on disk or in the archive; returns whether it has."""
        # the disk first: an earlier session that is just ending moves outcomes to the archive
        outcomes = self.files.outcomes.read(cohort)
        archived = self.files.archive.read(cohort)
        if archived is not None:
            has_files = outcomes is not None or cohort.index in self._pending
            self._record_archived(cohort, archived, has_files)
        elif outcomes is not None:
            self._require_ownership()
            self._record(cohort, outcomes)
        return archived is not None or outcomes is not None

    def _record(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> None:
        self.session.tell(cohort, outcomes)
        self._put_away(cohort, outcomes)
        self.observe()

    def _record_archived(self, cohort: Cohort, archived: CohortOutcomes, has_files: bool) -> None:
        """Records what a lost storage had recorded. Its models are kept already.

        Args:
            has_files: whether a worker that finished late, or a session that died, left files.
        """
        self._ownership_checked = False
        self.session.recall_elapsed(archived.elapsed_s)
        self.session.tell(cohort, archived.outcomes)
        self._discard_models()
        if has_files:
            self.files.outcomes.discard(cohort.index)
        self.observe()

    # ---- files -----------------------------------------------------------------------------------

    def _clean_up(self) -> Iterator[int]:
        """Puts away the files of a session that died between recording a cohort and removing its files.

        Yields:
            the indices of the cohorts that have files and are not recorded.
        """
        for index in self.files.outcomes.indices():
            cohort = self.session.recorded(index)
            if cohort is None:
                yield index
            else:
                trials = [self.session.trials[number] for number in cohort.numbers]
                outcomes = [trial.outcome or Outcome((), trial.reason) for trial in trials]
                self._put_away(cohort, outcomes)

    def _put_away(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> None:
        """Keeps the models of the frontier and the outcomes, and removes the rest of a cohort's files."""
        members = self.session.frontier.numbers()
        self.files.models.keep(self.files.outcomes.weights(cohort, members))
        self._discard_models()
        self.files.archive.keep(cohort, outcomes, self.session.elapsed_s)
        self.files.outcomes.discard(cohort.index)

    def _discard_models(self) -> None:
        """Removes the models of finished trials that are not on the frontier.

        During a replay, models of trials not yet replayed are already on disk and must stay.
        """
        trials = self.session.trials
        others = self.files.models.numbers() - self.session.frontier.numbers()
        self.files.models.discard(
            number for number in others if number < len(trials) and trials[number].state.finished
        )

    # ---- showing ---------------------------------------------------------------------------------

    def observe(self) -> None:
        """Shows the session to the observers. Errors there are reported and change nothing here."""
        for observer in self.observers:
            try:
                observer(self.session)
            except Exception:  # a view or a mirror must never stop a search
                log.warning("an observer failed; the search goes on", exc_info=True)
