"""The trials of a search as its storage has them, read again and again at little cost: what was read finished is not read twice."""

from __future__ import annotations

from frontier_search.frontier.frontier import Frontier
from frontier_search.storage import records
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial

SLACK_S = 1.0  # the elapsed time is stored at each tell, and the search ends at the ask after it


class TrialReader:
    """A reader that stays open.

    Args:
        entry: the search; its storage may not hold it yet.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._objectives = entry.search.objective_table()
        self._opened = entry.open_storage(writable=False)
        self._storage = self._opened.optuna
        self._study_id: int | None = None
        self._finished: dict[int, Trial] = {}
        self._counted: set[int] = set()  # trials that the frontier has seen
        self._frontier = Frontier.of([], self._objectives)

    def close(self) -> None:
        """Lets go of a database's connections."""
        self._opened.close()

    def trials(self) -> list[Trial]:
        """Every trial, by number, as of now."""
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
        """The frontier of all trials read so far: the one before, and what has finished since. What was dominated stays so."""
        new = [
            trial for trial in trials if trial.state.finished and trial.number not in self._counted
        ]
        if new:
            self._frontier = Frontier.of([*self._frontier.members, *new], self._objectives)
            self._counted |= {trial.number for trial in new}
        return self._frontier

    def is_spent(self, trials: list[Trial]) -> bool:
        """Whether nothing is left to do: every trial is finished, and there are as many as asked for or the time is over."""
        if not trials or not all(trial.state.finished for trial in trials):
            return False
        budget_s = self.entry.search.time_budget_s
        return len(trials) >= self.entry.search.trials or (
            budget_s is not None and self._elapsed_s() >= budget_s - SLACK_S
        )

    def _elapsed_s(self) -> float:
        if self._study_id is None:
            return 0.0
        return float(self._storage.get_study_user_attrs(self._study_id).get(records.ELAPSED, 0.0))
