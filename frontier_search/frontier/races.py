"""The races of a search: what each cohort is told of the trials that were recorded before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from frontier_search.frontier.pareto import nondominated
from frontier_search.models.editions import family
from frontier_search.models.program import SOLVED
from frontier_search.race import Point, Race, log_loss, rungs
from frontier_search.search.search import Search
from frontier_search.trial import Trial, TrialState

LOSS = "loss"  # the only measured objective whose learning curve is kept
END = 0  # the stage of a trial's end, beside the rungs
WIDER = 2.0  # the margin's factor for each audited trial that became a member


@dataclass(frozen=True)
class Audits:
    """How often the rule of a search's races was wrong.

    Attributes:
        n: complete trials that would have been stopped.
        members: those of them that are on the front of their league.
    """

    n: int
    members: int

    def __str__(self) -> str:
        trials = "1 trial" if self.n == 1 else f"{self.n} trials"
        trained = f"trained to the end although a race would have stopped them: {trials}"
        if not self.members:
            # the rule of three: none of n, so with 95 % confidence fewer than 3 in n
            bound = f", so that under {3 / self.n:.0%} of such trials are" if self.n > 3 else ""
            return f"{trained}; none is a member{bound}"
        return f"{trained}; {self.members} on a front, so the margin was doubled for each"


@dataclass(frozen=True)
class _Runner:
    """A trial at one rung, or at its end.

    Attributes:
        point: its known objectives, then its loss there.
        audited: whether it would have been stopped.
    """

    point: Point
    audited: bool


class Races:
    """Makes the race of each cohort from recorded trials.

    A trial that was stopped counts at the rungs that it reached. What is kept between two races
    only saves time: a trial that lies above a front never returns to it.

    Args:
        search: which may have no races.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._rungs = rungs(search.epochs) if search.race is not None else ()
        self._best = search.select == "best"
        self._counted = [each for each in search.objective_table() if each.known]
        self._alone: dict[str, bool] = {}  # family -> whether it races against itself only
        self._begin()

    def _begin(self) -> None:
        self._n_seen = 0
        self._last: Trial | None = None  # the last trial that was seen
        self._fronts: dict[int, dict[str, list[_Runner]]] = {}  # by rung or END, then by league
        self._n_audited = 0

    def of(
        self, trials: Sequence[Trial], history: Sequence[Trial], n_recorded: int, index: int
    ) -> Race | None:
        """Returns the race of a cohort, or None if its search has none.

        Args:
            trials: of the cohort.
            history: the trials of the search, by number.
            n_recorded: how many of them belong to the cohorts that it was proposed from.
        """
        if not self._rungs or self._search.race is None:
            return None
        members = self.audits(history, n_recorded).members
        return Race(
            self._search.race * WIDER**members,
            {
                rung: {
                    league: tuple(runner.point for runner in found)
                    for league, found in self._fronts.get(rung, {}).items()
                }
                for rung in self._rungs
            },
            tuple(map(self._league, trials)),
            tuple(map(self._known, trials)),
            float(np.random.default_rng([self._search.seed, index]).random()),
            self._best,
        )

    def audits(self, history: Sequence[Trial], n_recorded: int) -> Audits:
        """Returns what was found by training trials that would have been stopped to their end.

        Args:
            history: the trials of the search, by number.
            n_recorded: how many of them count, from the first on.
        """
        # going through all of them again would take 3 ms a cohort after 100,000 trials
        if n_recorded < self._n_seen or (
            self._n_seen and history[self._n_seen - 1] is not self._last
        ):
            self._begin()
        new: dict[tuple[int, str], list[_Runner]] = {}
        for trial in history[self._n_seen : n_recorded]:
            known, league, audited = self._known(trial), self._league(trial), _is_audited(trial)
            for stage, loss in self._losses_of(trial):
                new.setdefault((stage, league), []).append(_Runner((*known, loss), audited))
                self._n_audited += stage == END and audited
        for (stage, league), runners in new.items():
            fronts = self._fronts.setdefault(stage, {})
            found = [*fronts.get(league, ()), *runners]
            fronts[league] = [found[i] for i in _on_front([each.point for each in found])]
        self._n_seen = n_recorded
        self._last = history[n_recorded - 1] if n_recorded else None
        ends = self._fronts.get(END, {}).values()
        return Audits(self._n_audited, sum(each.audited for front in ends for each in front))

    def _league(self, trial: Trial) -> str:
        """Returns the name of those with which a trial is compared: its family, or "" for all.

        Balanced families race against their own front, so that each is searched to its end. So do
        families whose readout is solved for: they are as good after one epoch as others at the end.
        """
        name = trial.candidate.family
        if name not in self._alone:
            solved = (
                family(name, self._search.edition).build(trial.candidate.hyperparameters).network
                in SOLVED
            )
            self._alone[name] = solved or self._search.families_budget == "balanced"
        return name if self._alone[name] else ""

    def _known(self, trial: Trial) -> Point:
        return tuple(float(each.count(trial.size)) for each in self._counted)

    def _losses_of(self, trial: Trial) -> Iterator[tuple[int, float]]:
        """Yields the rungs that a trial reached with its loss there, and its end."""
        measured = trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        if measured and trial.seeds and all(seed.val_losses.text for seed in trial.seeds):
            curves = [seed.val_losses.values() for seed in trial.seeds]
            reached = min(map(len, curves))
            for rung in self._rungs:
                if rung <= reached:
                    yield rung, log_loss(curves, rung, self._best)
        if trial.state is TrialState.COMPLETE and self._rungs:
            yield END, trial.objectives[LOSS]


def _is_audited(trial: Trial) -> bool:
    return bool(trial.outcome and trial.outcome.audited)


def _on_front(points: Sequence[Point]) -> list[int]:
    """Returns the positions of the points that nothing beats."""
    array = np.array(points, dtype=np.float64)
    return np.flatnonzero(nondominated(array)).tolist()
