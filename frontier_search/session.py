"""A live search, and its storage's only writer: ``ask`` for a cohort, ``tell`` its outcomes.

The same search gives the same trials with any number of workers and after any interruption.
Cohort k is proposed from exactly the outcomes of cohorts 0 to k - in_flight. Everything that a
proposal depends on is in the storage before anyone trains it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from frontier_search.errors import SearchError
from frontier_search.frontier.frontier import Frontier, losses
from frontier_search.frontier.hypervolume import Hypervolume
from frontier_search.frontier.races import Audits, Races
from frontier_search.sampling.proposer import open_proposer
from frontier_search.search.judging import judge
from frontier_search.search.search import Search
from frontier_search.search.sizes import Sizes
from frontier_search.search.time_budget import TimeBudget
from frontier_search.search.warm_start import ignored, misleads
from frontier_search.storage.records import is_settled
from frontier_search.storage.search_record import SearchRecord
from frontier_search.storage.storage import Storage
from frontier_search.trial import Cohort, Outcome, Trial, TrialState

HOPELESS_TRIALS = 20  # a search stops when this many trials have failed and none is complete


class Session:
    """A search and its storage.

    Args:
        search: the question. The storage remembers its fingerprint.
        storage: opened for writing, under the search's lock.

    Attributes:
        gain: the share of the hypervolume that the cohort told last added; None before one is.

    Raises:
        SpecError: the storage holds a search of this name that asks something else.
    """

    def __init__(self, search: Search, storage: Storage) -> None:
        self.search, self.storage = search, storage
        self.objectives = search.objective_table()
        self._record = SearchRecord(search, storage.optuna)
        self._time = TimeBudget(search.time_budget_s, self._record.elapsed_s)
        sizes = Sizes(search)
        self._proposer = open_proposer(
            search.spaces,
            search.sampler,
            search.families_budget == "balanced",
            search.seed,
            len(self.objectives),
            search.admits,
            search.candidates,
            search.measured,
            sizes.known,
            search.shares_start,
            [each.earlier for each in search.warm_start],
            search.models_early,
            sizes.cost,
        )
        self._races = Races(search)
        self._trials: list[Trial] = []
        self._cohorts: dict[int, list[int]] = defaultdict(list)  # index -> trial numbers
        self._reasons: Counter[str | None] = Counter()  # why trials failed or were stopped
        self._handed_out: set[int] = set()
        self._n_observed = 0  # the proposer has seen the outcomes of the cohorts below this index
        self._n_recorded = 0  # the cohorts below this index are known to be recorded
        self._chances = self._record.chances()  # by cohort, see ``Proposer.chance``
        self._agreements = self._record.agreements()  # of the warm starts
        self._volume: Hypervolume | None = None
        self.gain: float | None = None
        self._load()
        self._frontier = Frontier.of(self._trials, self.objectives)
        self._interrupted = [index for index in self._cohorts if not self._is_recorded(index)]

    def _load(self) -> None:
        """Rebuilds everything from the storage."""
        self._proposer.recall_study_attributes(self._record.sampler_attributes())
        for trial, frozen in self._record.load():
            self._add(trial)
            self._proposer.recall(frozen.number, frozen.params, frozen.system_attrs)

    def _add(self, trial: Trial) -> None:
        self._trials.append(trial)
        self._cohorts[trial.cohort].append(trial.number)
        self._count(trial)

    def _count(self, trial: Trial) -> None:
        if trial.state.finished and trial.state is not TrialState.COMPLETE:
            self._reasons[trial.reason] += 1

    # ---- ask -------------------------------------------------------------------------------------

    def ask(self) -> Cohort | None:
        """Returns the next cohort to train, or None.

        Cohorts that were in training when the previous session ended come first, under the same
        numbers. The proposals of a new cohort, and their known objectives, are in the storage when
        this returns. None means that the search is finished, or that the outcomes of another
        cohort must be recorded first.

        Raises:
            SearchError: every trial so far has failed, or no candidate within the bounds was found.
        """
        self._begin_to_ask()
        if self._interrupted:
            return self._hand_out(self._interrupted.pop(0))
        self.end_when_too_late()
        return None if self.out_of_time else self._ask_for_new()

    def ask_again(self, last_index: int) -> Cohort | None:
        """Returns the next cohort to train up to an index, even if the time budget is used up.

        These cohorts were proposed in time, before the storage was lost.

        Raises:
            SearchError: as ``ask``.
        """
        self._begin_to_ask()
        if self._interrupted and self._interrupted[0] <= last_index:
            return self._hand_out(self._interrupted.pop(0))
        return self._ask_for_new() if self.has_yet_to_propose(last_index) else None

    def has_yet_to_propose(self, index: int) -> bool:
        """Returns whether a cohort is not proposed yet, and the trial budget has room for it."""
        return index >= len(self._cohorts) and len(self._trials) < self.search.trials

    def _begin_to_ask(self) -> None:
        self._time.begin()
        self._complete_torn_cohort()
        self._note_chance()

    def _hand_out(self, index: int) -> Cohort:
        self._handed_out.add(index)
        self._time.begin_cohort(index)
        return self._cohort(index)

    def _ask_for_new(self) -> Cohort | None:
        """Proposes a cohort, unless the trial budget is spent or too many cohorts are in flight."""
        if len(self._trials) >= self.search.trials or self.settled:
            return None
        self.raise_if_hopeless()
        index = len(self._cohorts)
        if self._first_unrecorded() <= index - self.search.in_flight:
            return None
        self._propose(index, self.search.cohort_size(index))
        self._note_chance()
        return self._hand_out(index)

    def _propose(self, index: int, n_trials: int) -> None:
        """Proposes trials of a cohort and writes each as one record, all flushed together."""
        self._observe_before(index)
        end = min(len(self._trials) + n_trials, self.search.trials)
        with self.storage.group():
            for number in range(len(self._trials), end):
                proposal = self._proposer.propose(number)
                size = self.search.size(proposal.candidate)
                self._add(self._record.add(proposal, index, size))

    def _observe_before(self, index: int) -> None:
        """Shows the proposer the cohorts that a cohort is proposed from."""
        for seen in range(self._n_observed, index - self.search.in_flight + 1):
            for number in self._cohorts[seen]:
                self._observe(self._trials[number])
            self._n_observed = seen + 1
        self._note_agreements()

    def _note_chance(self) -> None:
        """Writes the chance that the last cohort adds to the frontier, unless it is written."""
        last = len(self._cohorts) - 1
        if last < 0 or last in self._chances or self._is_recorded(last):
            return
        self._observe_before(last)
        chance = self._proposer.chance(self._cohorts[last])
        if chance is not None:
            self._chances[last] = chance
            self._record.write_chance(last, chance)

    def _note_agreements(self) -> None:
        """Writes how far each warm start agrees with the trials, when one is ignored or taken up.

        Not at each cohort: every record is a flush to the disk.
        """
        found = list(self._proposer.agreements())
        before = self._agreements or [None] * len(found)
        if list(map(misleads, found)) != list(map(misleads, before)):
            self._record.write_agreements(found)
            self._agreements = found

    def _observe(self, trial: Trial) -> None:
        """Shows the proposer a finished trial."""
        stopped = trial.state is TrialState.PRUNED
        measured = stopped or trial.state is TrialState.COMPLETE
        values = losses([trial], self.objectives)[0].tolist() if measured else None
        self._proposer.observe(trial.number, values, stopped)

    def _complete_torn_cohort(self) -> None:
        """Proposes the rest of the last cohort, if a session died while it wrote its proposals."""
        if not self._cohorts:
            return
        last = len(self._cohorts) - 1
        n_missing = self.search.cohort_size(last) - len(self._cohorts[last])
        is_untouched = last not in self._handed_out and all(
            self._trials[number].state is TrialState.RUNNING for number in self._cohorts[last]
        )
        if n_missing > 0 and is_untouched and len(self._trials) < self.search.trials:
            self._propose(last, n_missing)

    # ---- tell ------------------------------------------------------------------------------------

    def tell(self, cohort: Cohort, outcomes: Sequence[Outcome]) -> list[Trial]:
        """Records the outcomes of a cohort that ``ask`` returned. Finished trials do not change.

        Args:
            outcomes: one a candidate.

        Returns:
            the cohort's trials, finished.

        Raises:
            SearchError: the cohort was never asked for, or the number of outcomes is wrong.
        """
        if cohort.index not in self._handed_out:
            raise SearchError(f"cohort {cohort.index} was told before it was asked for.")
        if len(outcomes) != len(cohort.numbers):
            raise SearchError(
                f"cohort {cohort.index} has {len(cohort.numbers)} candidates and {len(outcomes)} "
                "outcomes; one each is needed."
            )
        running = [
            (number, outcome)
            for number, outcome in zip(cohort.numbers, outcomes, strict=True)
            if not self._trials[number].state.finished
        ]
        with self.storage.group():
            for number, outcome in running:
                values, reason = judge(
                    self._trials[number],
                    outcome,
                    self.objectives,
                    len(self.search.seeds),
                    self.search.require,
                )
                if values is not None and outcome.stopped is not None:
                    reason = (
                        f"stopped after epoch {outcome.stopped} of {self.search.epochs}: another "
                        "trial, no larger, had a much smaller loss then"
                    )
                self._trials[number] = self._record.finish(number, outcome, values, reason)
                self._count(self._trials[number])
            self.note_elapsed()
        self._time.end_cohort(cohort.index)
        # only the new ones: a trial that was finished before may be a member already
        new = [self._trials[number] for number, _ in running]
        before = self._frontier
        self._frontier = Frontier.of([*before.members, *new], self.objectives)
        self._note_gain(before)
        return [self._trials[number] for number in cohort.numbers]

    def _note_gain(self, before: Frontier) -> None:
        """Computes what the cohort that was told added to the frontier before it."""
        if self._volume is None or self._volume.reference is None:
            self._volume = Hypervolume(self._trials, self.objectives)
        now = self._volume.of(self._frontier.members)
        self.gain = 1 - self._volume.of(before.members) / now if now > 0 else None

    # ---- budgets ---------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether the trials or the time are used up or it is settled, and nothing is running."""
        is_spent = len(self._trials) >= self.search.trials or self.out_of_time or self.settled
        return is_spent and self._first_unrecorded() == len(self._cohorts)

    @property
    def complete(self) -> bool:
        """Whether every trial of the budget is recorded."""
        enough = len(self._trials) >= self.search.trials
        return enough and self._first_unrecorded() == len(self._cohorts)

    @property
    def elapsed_s(self) -> float:
        """Seconds that this search has been live, over all its sessions."""
        return self._time.elapsed_s

    @property
    def out_of_time(self) -> bool:
        return self._time.is_used_up

    def end_when_too_late(self) -> None:
        """Counts the rest of the time as used, if a new cohort would end after it."""
        if not self._interrupted and self._time.use_up_when_too_late():
            self.note_elapsed()

    @property
    def time_left_s(self) -> float:
        """Seconds that the time budget leaves; infinite without one."""
        return self._time.left_s

    @property
    def settled(self) -> bool:
        """Whether the search goes until it is settled, and is."""
        return self.search.until is not None and is_settled(
            self._chances, self.search.small_cohorts
        )

    @property
    def chance(self) -> float | None:
        """The probability that the last cohort adds noticeably to the hypervolume, if known."""
        return next(reversed(self._chances.values()), None)

    @property
    def ignored_warm_starts(self) -> list[str]:
        """Which warm starts are ignored, and why, in words."""
        return ignored(self.search.warm_start, self._agreements)

    def note_elapsed(self) -> None:
        """Writes how long the search has been live, for its time budget."""
        self._record.write_elapsed(self.elapsed_s)

    def recall_elapsed(self, elapsed_s: float) -> None:
        """Takes over the elapsed time that a lost storage had recorded, if it is larger."""
        self._time.recall(elapsed_s)

    # ---- what is recorded ------------------------------------------------------------------------

    @property
    def trials(self) -> Sequence[Trial]:
        """Every trial, by number."""
        return self._trials

    @property
    def frontier(self) -> Frontier:
        """The frontier of the recorded trials.

        ``tell`` compares only the old members with the new trials, because a trial that has left
        the frontier cannot return.
        """
        return self._frontier

    def recorded(self, index: int) -> Cohort | None:
        """Returns a cohort whose trials are all finished; None for any other index."""
        is_recorded = index in self._cohorts and self._is_recorded(index)
        return self._cohort(index) if is_recorded else None

    def _is_recorded(self, index: int) -> bool:
        return all(self._trials[number].state.finished for number in self._cohorts[index])

    def _first_unrecorded(self) -> int:
        """Returns the index of the first cohort in training, or the number of cohorts.

        A recorded cohort stays recorded, so an ask need not go through the whole history.
        """
        while self._n_recorded < len(self._cohorts) and self._is_recorded(self._n_recorded):
            self._n_recorded += 1
        return self._n_recorded

    def _cohort(self, index: int) -> Cohort:
        """Returns a cohort, with what its race needs of the cohorts that it was proposed from."""
        trials = [self._trials[number] for number in self._cohorts[index]]
        before = index - self.search.in_flight
        n_recorded = self._cohorts[before][-1] + 1 if before >= 0 else 0
        return Cohort(
            index,
            tuple(trial.number for trial in trials),
            tuple(trial.candidate for trial in trials),
            self._races.of(trials, self._trials, n_recorded, index),
        )

    def audits(self) -> Audits:
        """Returns how often races would have stopped a member, as far as audits show."""
        return self._races.audits(self._trials, len(self._trials))

    def raise_if_hopeless(self) -> None:
        """Raises SearchError when no trial is complete and HOPELESS_TRIALS, or all, have failed."""
        if self._frontier.members:
            return
        n_failed = self._reasons.total()
        if n_failed >= min(HOPELESS_TRIALS, self.search.trials):
            reason, count = self._reasons.most_common(1)[0]
            raise SearchError(
                f"all {n_failed} trials so far have failed, {count} of them with: {reason}"
            )
