"""Hands the cohorts of a session to workers, and records what they measured.

A search survives the death of any part because of the order of the steps. Proposals are stored
before anyone trains them. A worker writes its outcome before the session records it. The outcome is
in the storage, and in the archive where there is one, before the worker's files are removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

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
            cohort. An observer that raises is reported and never stops the search.
    """

    def __init__(
        self, session: Session, files: SearchFiles, observers: Sequence[Observer] = ()
    ) -> None:
        self.session, self.files, self.observers = session, files, tuple(observers)
        self._deaths = WorkerDeaths(files.outcomes)
        self._has_begun = False
        self._ownership_checked = False
        self._to_train: list[Cohort] = []  # filled by the replay
        self._pending_at_start = self._clean_up()
        self._last_to_replay = max(self._pending_at_start | files.archive.indices(), default=-1)

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
        return self._to_train.pop(0) if self._to_train else self.session.ask()

    def _replay(self) -> None:
        """Asks again for every cohort that has files, and records those that have an outcome.

        This rebuilds a storage that was lost, even if the time budget is used up, because the
        cohorts were proposed in time. The replay ends at the first cohort with neither a pending
        folder nor an archived outcome. Its outcome is damaged or of other candidates, as another
        version of Optuna may have proposed them.
        """
        while (cohort := self.session.ask_again(self._last_to_replay)) is not None:
            if not self._record_existing(cohort):
                self._to_train.append(cohort)
                if cohort.index not in self._pending_at_start:
                    break
        self._last_to_replay = -1

    def _require_ownership(self) -> None:
        """Raises SearchError when another session owns the search.

        A check since the last cohort was handed out is enough, so that a cohort costs one request.
        """
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

    def worker_died(self, cohort: Cohort, last_words: str, machine_lost: bool = False) -> None:
        """Counts the death of a cohort's worker. The cohort is trained again, from its checkpoints.

        Args:
            last_words: the last line that the worker printed.
            machine_lost: the worker was lost with its machine.

        Raises:
            SearchError: workers die before they train anything, so that another try would too.
        """
        self._deaths.note(cohort, last_words, machine_lost)

    def _record_existing(self, cohort: Cohort) -> bool:
        """Records a cohort if it has an outcome on disk or in the archive, and returns whether."""
        # the disk first: an earlier session that is just ending moves outcomes to the archive
        outcomes = self.files.outcomes.read(cohort)
        archived = self.files.archive.read(cohort)
        if archived is not None:
            has_files = outcomes is not None or cohort.index in self._pending_at_start
            self._record_archived(cohort, archived, has_files)
        elif outcomes is not None:
            self._require_ownership()
            self._record(cohort, outcomes)
        return archived is not None or outcomes is not None

    def _record(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> None:
        self.session.tell(cohort, outcomes)
        self.session.end_when_too_late()  # before the archive is written, which keeps the time
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

    def _clean_up(self) -> set[int]:
        """Puts away the files of recorded cohorts, which a session that died has left.

        Returns:
            the indices of the other cohorts that have files.
        """
        pending = set()
        for index in self.files.outcomes.indices():
            cohort = self.session.recorded(index)
            if cohort is None:
                pending.add(index)
            else:
                trials = [self.session.trials[number] for number in cohort.numbers]
                outcomes = [trial.outcome or Outcome((), trial.reason) for trial in trials]
                self._put_away(cohort, outcomes)
        return pending

    def _put_away(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> None:
        """Keeps the frontier's models and the outcomes, and removes a cohort's other files."""
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
                log.warning("an observer failed; the search continues", exc_info=True)
