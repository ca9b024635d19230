"""Reads the trials of a running search repeatedly: each finished trial is decoded only once."""

from __future__ import annotations

from frontier_search.frontier.frontier import Frontier
from frontier_search.storage import records
from frontier_search.storage.catalog import Entry
from frontier_search.storage.records import agreements, chances, is_settled
from frontier_search.storage.search_record import stored_elapsed_s
from frontier_search.trial import Trial

# The elapsed time is stored at each tell, and the search ends at the ask after it.
SLACK_S = 1.0


class TrialReader:
    """A reader whose storage stays open until ``close``.

    Args:
        entry: the search, which its storage may not hold yet.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._objectives = entry.search.objective_table()
        self._opened = entry.open_storage(writable=False)
        self._storage = self._opened.optuna
        self._study_id: int | None = None
        self._finished: dict[int, Trial] = {}
        self._compared: set[int] = set()  # numbers of the trials that the frontier has seen
        self._frontier = Frontier.of([], self._objectives)

    def close(self) -> None:
        """Closes the storage."""
        self._opened.close()

    def trials(self) -> list[Trial]:
        """Returns every trial as it is now, by number."""
        if self._study_id is None:
            try:
                self._study_id = self._storage.get_study_id_from_name(self.entry.search.name)
            except KeyError:
                return []
        listed = []
        for frozen in self._storage.get_all_trials(self._study_id, deepcopy=False):
            trial = self._finished.get(frozen.number) or records.read(frozen, self._objectives)
            if trial.state.finished:
                self._finished[trial.number] = trial
            listed.append(trial)
        return listed

    def frontier(self, trials: list[Trial]) -> Frontier:
        """Returns the frontier of all trials read so far.

        Only the last frontier's members and the trials that finished since are compared, because a
        dominated trial stays dominated.
        """
        new = [
            trial for trial in trials if trial.state.finished and trial.number not in self._compared
        ]
        if new:
            self._frontier = Frontier.of([*self._frontier.members, *new], self._objectives)
            self._compared |= {trial.number for trial in new}
        return self._frontier

    def chances(self) -> dict[int, float]:
        """Returns the chance of each cohort to add to the hypervolume, where it was told.

        It is read after ``trials``.
        """
        if self._study_id is None:
            return {}
        return chances(self._storage.get_study_user_attrs(self._study_id))

    def agreements(self) -> list[float | None]:
        """Returns how far each warm start agrees with the own trials; read after ``trials``."""
        if self._study_id is None:
            return []
        return agreements(self._storage.get_study_user_attrs(self._study_id))

    def is_spent(self, trials: list[Trial]) -> bool:
        """Returns whether the search has ended.

        It has when every trial is finished and the budget of trials or of time is used up.
        """
        if not trials or not all(trial.state.finished for trial in trials):
            return False
        search = self.entry.search
        if len(trials) >= search.trials:
            return True
        if self._study_id is None:
            return False
        attributes = self._storage.get_study_user_attrs(self._study_id)
        if search.until is not None and is_settled(chances(attributes), search.small_cohorts):
            return True
        if search.time_budget_s is None:
            return False
        elapsed_s = stored_elapsed_s(self._storage, self._study_id)
        return elapsed_s >= search.time_budget_s - SLACK_S
