"""A live search, and its storage's only writer: ``ask`` for a cohort, ``tell`` its outcomes.

The same search gives the same trials however many workers there are and however often it is interrupted: cohort k is proposed from the
outcomes of cohorts 0 .. k - in_flight exactly, and everything that a proposal depends on is in the storage before anyone trains it.
"""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import optuna
from optuna.study import StudyDirection

from frontier_search.errors import SearchError, SpecError
from frontier_search.frontier.frontier import Frontier
from frontier_search.objective import Objective
from frontier_search.sampling.optuna_internals import stored_id
from frontier_search.sampling.proposer import Proposer
from frontier_search.search.search import Search
from frontier_search.storage import records
from frontier_search.storage.storage import Storage
from frontier_search.trial import Cohort, Outcome, Trial, TrialState

HOPELESS_TRIALS = 20  # a search that has failed so many trials, and completed none, stops


class Session:
    """A search and its storage.

    Args:
        search: the question; the storage remembers its fingerprint and refuses another one under the same name.
        storage: opened for writing, under the search's lock.

    Raises:
        SpecError: the storage holds a search of this name that asks something else.
    """

    def __init__(self, search: Search, storage: Storage) -> None:
        self.search, self.storage = search, storage
        self.objectives = search.objective_table()
        self._started: float | None = (
            None  # at the first ask: the start of an executor is not the search's time
        )
        self._study_id = self._open_study()
        self._elapsed_before = float(self._study_attributes().get(records.ELAPSED, 0.0))
        self._proposer = Proposer(
            search.spaces,
            search.sampler,
            search.families_budget == "balanced",
            search.seed,
            len(self.objectives),
            search.admits,
            search.candidates,
        )
        self._trials: list[Trial] = []
        self._ids: list[int] = []
        self._cohorts: dict[int, list[int]] = defaultdict(list)
        self._observed = 0  # cohorts whose outcomes the proposer has seen
        self._told = 0  # cohorts from the first on that are known to be told
        self._handed_out: set[int] = set()
        self._expected = 0  # cohorts that were asked for before, though this storage may not know
        self._frontier = Frontier(self.objectives, ())
        self._load()
        self._unfinished = [index for index in self._cohorts if not self._is_told(index)]

    # ---- ask -------------------------------------------------------------------------------------------------------------------------

    def ask(self) -> Cohort | None:
        """The next cohort to train, or None when nothing may be asked for until another cohort is told (or ``finished``).

        Cohorts that were running when the last session died come first, under the same numbers. A new cohort's proposals, and their
        known objectives, are in the storage when this returns.

        Raises:
            SearchError: every trial so far has failed, or no candidate within the bounds was found.
        """
        if self._started is None:
            self._started = time.monotonic()
        self._complete_torn_cohort()
        while self._unfinished:
            index = self._unfinished.pop(0)
            if not self._is_told(index):
                self._handed_out.add(index)
                return self._cohort(index)
        index = len(self._cohorts)
        if not self._may_propose(index):
            return None
        self._propose(index, self.search.cohort)
        self._handed_out.add(index)
        return self._cohort(index)

    def _may_propose(self, index: int) -> bool:
        if self._spent:
            return False
        self.raise_if_hopeless()
        return self._first_untold() > index - self.search.in_flight

    def _propose(self, index: int, size: int) -> None:
        """Proposes ``size`` trials of cohort ``index`` and writes each as one record, all flushed together."""
        for seen in range(self._observed, index - self.search.in_flight + 1):
            for number in self._cohorts[seen]:
                self._observe(self._trials[number])
            self._observed = seen + 1
        with self.storage.group():
            for number in range(
                len(self._trials), min(len(self._trials) + size, self.search.trials)
            ):
                proposal = self._proposer.propose(number)
                for key, value in proposal.study_attributes.items():
                    self.storage.optuna.set_study_system_attr(
                        self._study_id, records.SAMPLER + key, value
                    )
                record = records.template(
                    proposal,
                    f"{self.search.name}/{number}",
                    index,
                    self.search.size(proposal.candidate),
                )
                self._remember(self.storage.optuna.create_new_trial(self._study_id, record))

    def _complete_torn_cohort(self) -> None:
        """A session that died while it wrote a cohort's proposals left the first of them: the rest follow, as they would have."""
        last = len(self._cohorts) - 1
        missing = self.search.cohort - len(self._cohorts[last]) if last >= 0 else 0
        untouched = last not in self._handed_out and all(
            self._trials[n].state is TrialState.RUNNING for n in self._cohorts.get(last, [])
        )
        if last >= 0 and missing > 0 and untouched and len(self._trials) < self.search.trials:
            self._propose(last, missing)

    # ---- tell ------------------------------------------------------------------------------------------------------------------------

    def tell(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> list[Trial]:
        """Records the outcomes of a cohort that was asked for; a trial that is finished already is left as it is.

        Returns:
            the cohort's trials, finished.

        Raises:
            SearchError: the cohort was never asked for, or there is not one outcome a candidate.
        """
        if cohort.index not in self._handed_out:
            raise SearchError(f"cohort {cohort.index} was told before it was asked for.")
        if len(outcomes) != len(cohort.numbers):
            raise SearchError(
                f"cohort {cohort.index} has {len(cohort.numbers)} candidates and {len(outcomes)} outcomes; one each is needed."
            )
        with self.storage.group():
            running = [
                pair
                for pair in zip(cohort.numbers, outcomes, strict=True)
                if not self._trials[pair[0]].state.finished
            ]
            for number, outcome in running:
                self._tell_trial(number, outcome)
            self.note_elapsed()
        self._grow_frontier(
            [self._trials[number] for number, _ in running]
        )  # the others may be members already
        return [self._trials[number] for number in cohort.numbers]

    def note_elapsed(self) -> None:
        """Writes down how long the search has been live, for its time budget."""
        self.storage.optuna.set_study_user_attr(self._study_id, records.ELAPSED, self.elapsed_s)

    def _tell_trial(self, number: int, outcome: Outcome) -> None:
        trial, store, trial_id = self._trials[number], self.storage.optuna, self._ids[number]
        losses, reason = judge(trial, outcome, self.objectives, len(self.search.seeds))
        store.set_trial_user_attr(trial_id, records.OUTCOME, outcome.to_json())
        if reason is not None:
            store.set_trial_user_attr(trial_id, records.REASON, reason)
        state = TrialState.COMPLETE if losses is not None else TrialState.FAIL
        store.set_trial_state_values(trial_id, records.OPTUNA_STATES[state], losses)
        self._trials[number] = records.read(store.get_trial(trial_id), self.objectives)

    # ---- what the session knows ------------------------------------------------------------------------------------------------------

    @property
    def trials(self) -> Sequence[Trial]:
        """Every trial, by number."""
        return self._trials

    @property
    def finished(self) -> bool:
        """Whether the budget is spent and nothing is running."""
        return self._spent and self._first_untold() == len(self._cohorts)

    @property
    def _spent(self) -> bool:
        return len(self._trials) >= self.search.trials or (
            self.out_of_time and len(self._cohorts) >= self._expected
        )

    @property
    def elapsed_s(self) -> float:
        """Seconds that this search has been live, over all its sessions."""
        return self._elapsed_before + (
            time.monotonic() - self._started if self._started is not None else 0.0
        )

    @property
    def out_of_time(self) -> bool:
        return self.search.time_budget_s is not None and self.elapsed_s >= self.search.time_budget_s

    def expect(self, cohorts: int) -> None:
        """So many were asked for before the storage was lost: they are asked for again, however late it is; 0: there are no more."""
        self._expected = cohorts

    def recall_elapsed(self, elapsed_s: float) -> None:
        """The search had been live for so long before the storage was lost."""
        self._elapsed_before += max(0.0, elapsed_s - self.elapsed_s)

    def told(self, index: int) -> Cohort | None:
        """A cohort whose trials are all finished; None for any other."""
        return self._cohort(index) if index in self._cohorts and self._is_told(index) else None

    def _is_told(self, index: int) -> bool:
        return all(self._trials[number].state.finished for number in self._cohorts[index])

    def _first_untold(self) -> int:
        """The first cohort that is not told, or how many there are: what is told stays told, so that no ask looks at the whole history."""
        while self._told < len(self._cohorts) and self._is_told(self._told):
            self._told += 1
        return self._told

    def _cohort(self, index: int) -> Cohort:
        numbers = tuple(self._cohorts[index])
        return Cohort(index, numbers, tuple(self._trials[number].candidate for number in numbers))

    def raise_if_hopeless(self) -> None:
        """Raises SearchError when many trials, or all there are, have failed and none is complete."""
        if self._frontier.members:
            return
        finished = [trial for trial in self._trials if trial.state.finished]
        if len(finished) >= min(HOPELESS_TRIALS, self.search.trials):
            reason, count = Counter(trial.reason for trial in finished).most_common(1)[0]
            raise SearchError(
                f"all {len(finished)} trials so far have failed, {count} of them with: {reason}"
            )

    @property
    def frontier(self) -> Frontier:
        """The frontier of the trials told so far, kept current: of old members and new trials alone, for no other trial can return."""
        return self._frontier

    # ---- the storage -----------------------------------------------------------------------------------------------------------------

    def _open_study(self) -> int:
        """The study of this name, made when it is missing; of two processes that make it at once, both get the same one."""
        store, name = self.storage.optuna, self.search.name
        try:
            study_id = store.get_study_id_from_name(name)
        except KeyError:
            try:
                study_id = store.create_new_study(
                    [StudyDirection.MINIMIZE] * len(self.objectives), name
                )
            except optuna.exceptions.DuplicatedStudyError:
                study_id = store.get_study_id_from_name(name)
        attributes = store.get_study_user_attrs(study_id)
        fingerprint = attributes.get(records.FINGERPRINT)
        if fingerprint not in (None, self.search.fingerprint()):
            raise SpecError(
                f"the storage holds another search named {name!r} (fingerprint {fingerprint}); choose another --name."
            )
        if fingerprint is None:
            store.set_study_user_attr(study_id, records.SEARCH, self.search.to_spec())
            store.set_study_user_attr(study_id, records.FINGERPRINT, self.search.fingerprint())
        return study_id

    def _study_attributes(self) -> dict[str, Any]:
        return self.storage.optuna.get_study_user_attrs(self._study_id)

    def _load(self) -> None:
        """Rebuilds everything from the storage."""
        stored = self.storage.optuna.get_study_system_attrs(self._study_id)
        prefix = records.SAMPLER
        self._proposer.recall_study_attributes(
            {key[len(prefix) :]: v for key, v in stored.items() if key.startswith(prefix)}
        )
        for frozen in self.storage.optuna.get_all_trials(self._study_id, deepcopy=False):
            self._remember(stored_id(frozen), frozen)
            self._proposer.recall(frozen.number, frozen.params, frozen.system_attrs)
        self._grow_frontier(self._trials)

    def _grow_frontier(self, told: Sequence[Trial]) -> None:
        self._frontier = Frontier.of([*self._frontier.members, *told], self.objectives)

    def _remember(self, trial_id: int, frozen: optuna.trial.FrozenTrial | None = None) -> None:
        trial = records.read(frozen or self.storage.optuna.get_trial(trial_id), self.objectives)
        self._ids.append(trial_id)
        self._trials.append(trial)
        self._cohorts[trial.cohort].append(trial.number)

    def _observe(self, trial: Trial) -> None:
        complete = trial.state is TrialState.COMPLETE
        losses = (
            [
                objective.to_minimised(trial.objectives[objective.name])
                for objective in self.objectives
            ]
            if complete
            else None
        )
        self._proposer.observe(trial.number, losses)


def judge(
    trial: Trial, outcome: Outcome, objectives: Iterable[Objective], n_seeds: int
) -> tuple[list[float] | None, str | None]:
    """The minimised objectives of a trial, or why it fails: an exception, a missing seed, a divergence, a value that is not finite."""
    if outcome.failure is not None:
        return None, outcome.failure
    if len(outcome.seeds) != n_seeds:
        return None, f"{len(outcome.seeds)} of {n_seeds} seeds were trained"
    for seed in outcome.seeds:
        if seed.diverged_epoch is not None:
            return (
                None,
                f"seed {seed.seed} diverged in epoch {seed.diverged_epoch}: a loss or a parameter is not finite",
            )
    losses, trained = [], replace(trial, outcome=outcome)
    for objective in objectives:
        value = objective.of(trained)
        if not math.isfinite(value):
            return None, f"objective {objective.name} is {value}"
        losses.append(objective.to_minimised(value))
    return losses, None
