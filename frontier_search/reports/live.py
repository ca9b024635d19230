"""The live view of a search, on standard error.

On a terminal a panel is redrawn, with a clock that runs from the first second. Elsewhere each
recorded cohort is a line of text.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from frontier_search.frontier.band import FEWEST_SEEDS
from frontier_search.frontier.membership import chances, minimised
from frontier_search.reports import words
from frontier_search.reports.palette import colour, family_indices
from frontier_search.reports.screen import View
from frontier_search.reports.tables import hyperparameters
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.trial import Trial, TrialState

SHOWN_MEMBERS = 12
MOST_FOR_CHANCES = 2000  # trials; with more, the chances take longer than a cohort
BAR_COLUMNS = 60


class LiveView(View):
    """The progress of a search: trials, cohorts in training, time left and the frontier.

    It observes the session.

    Args:
        resume: the command that resumes the search. It is shown first, because a process that is
            killed cannot show it at the end.
    """

    def __init__(self, search: Search, resume: str) -> None:
        self.search, self.resume = search, resume
        self._pace = Pace(search.trials)
        self._panel = _Panel(search, self._pace)
        self._said: set[str] = set()  # about warm starts
        super().__init__(self._panel)

    def start(self) -> None:
        search = self.search
        self._screen.say(f"stop at any time; resume with: {self.resume}")
        super().start()
        if not self._screen.has_panel:
            trials = f"{search.trials} trials x {len(search.seeds)} seeds"
            self._screen.say(f"{search.name}: {trials} on {search.dataset}")

    def observe(self, session: Session) -> None:
        """Shows what the session has recorded."""
        finished = sum(trial.state.finished for trial in session.trials)
        self._pace.note(finished)
        self._panel.note(session)
        for said in session.ignored_warm_starts:
            if said not in self._said:
                self._screen.say(f"{self.search.name}: {said}")
                self._said.add(said)
        if finished and not self._screen.has_panel:
            self._screen.say(self._words(session, finished))

    def _words(self, session: Session, finished: int) -> str:
        """Returns the line of one recorded cohort."""
        frontier = session.frontier
        facts = [
            f"{self.search.name}: {finished}/{self.search.trials} trials",
            _ending(session) or self._pace.left(finished, session.time_left_s),
            f"frontier {len(frontier.members)}",
        ]
        first = frontier.objectives[0]
        if frontier.members and not first.known:
            values = [
                first.to_minimised(trial.objectives[first.name]) for trial in frontier.members
            ]
            facts.append(f"best {first.name} {first.from_minimised(min(values)):.4g}")
        return ", ".join([*facts, *_gains(session), *_endings(session.trials)])


class Pace:
    """How fast trials are finished since the view began.

    Args:
        trials: how many the search asks for.
    """

    def __init__(self, trials: int) -> None:
        self.trials = trials
        self.began = time.monotonic()
        self._at_first: int | None = None  # finished trials when the session began

    def note(self, finished: int) -> None:
        """Remembers how many trials earlier sessions had finished."""
        if self._at_first is None:
            self._at_first = finished

    @property
    def elapsed(self) -> str:
        """The time since the view began."""
        return duration(time.monotonic() - self.began)

    def rate(self, finished: int) -> float:
        """Returns the trials that were finished a second, 0 before the first."""
        new = finished - (self._at_first or 0)
        return new / max(time.monotonic() - self.began, 1e-9)

    def left(self, finished: int, most_s: float = math.inf) -> str:
        """Returns the time left in words.

        Args:
            most_s: seconds that the time budget leaves.
        """
        rate = self.rate(finished)
        left_s = min((self.trials - finished) / rate if rate else math.inf, most_s)
        return f"{duration(left_s)} left" if left_s < math.inf else "time left unknown"


class _Panel:
    """What a terminal shows. Rich asks for it a few times a second.

    Args:
        search: whose session is shown.
        pace: counts the time.
    """

    def __init__(self, search: Search, pace: Pace) -> None:
        self.search, self.pace = search, pace
        self._spinner = Spinner("dots")
        self._session: Session | None = None
        self._members: RenderableType = Text("")
        self._earlier: set[int] | None = None  # the members of the last observation
        self._training: tuple[tuple[int, ...], float] = ((), time.monotonic())

    def note(self, session: Session) -> None:
        """Takes over a session's members; the newest are marked."""
        members = session.frontier.members
        numbers = {trial.number for trial in members}
        new = numbers - self._earlier if self._earlier is not None else set()
        self._earlier = numbers
        self._members = members_table(self.search, session.trials, members, new)
        self._session = session

    def __rich__(self) -> RenderableType:
        session = self._session
        trials = list(session.trials) if session else []
        finished = sum(trial.state.finished for trial in trials)
        facts = [self.search.name, self.pace.elapsed, f"{finished}/{self.search.trials} trials"]
        if session is None:
            facts[2:] = ["starting"]
        elif session.finished:
            facts.append(_ending(session))
        elif self.pace.rate(finished):
            left = self.pace.left(finished, session.time_left_s)
            facts += [f"{self.pace.rate(finished):.2g} trials/s", left]
        facts += [*(_gains(session) if session else ()), *_endings(trials)]
        self._spinner.update(text=Text(", ".join(facts)))
        # a bar that is narrower than the screen ends no line by itself
        bar = Padding(ProgressBar(self.search.trials, finished, width=BAR_COLUMNS), 0)
        return Group(self._spinner, bar, Text(self._in_training(trials), "dim"), self._members)

    def _in_training(self, trials: Sequence[Trial]) -> str:
        """Returns which cohorts are in training, and for how long nothing has changed there."""
        running = tuple(sorted({t.cohort for t in trials if t.state is TrialState.RUNNING}))
        if running != self._training[0]:
            self._training = (running, time.monotonic())
        if not running:
            return ""
        *first, last = map(str, running)
        names = f"cohorts {', '.join(first)} and {last}" if first else f"cohort {last}"
        return f"{names} in training ({duration(time.monotonic() - self._training[1])})"


def members_table(
    search: Search, trials: Sequence[Trial], members: Sequence[Trial], new: set[int]
) -> Table:
    """Returns the members as a table that keeps its numbers at 80 columns.

    Equal candidates share a line. Chances are shown from three seeds on.

    Args:
        trials: every trial of the search.
        new: the members that are marked.
    """
    objectives = search.objective_table()
    chance: dict[int, float] = {}
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    if len(search.seeds) >= FEWEST_SEEDS and len(complete) <= MOST_FOR_CHANCES and members:
        found = chances(minimised(complete, objectives))
        chance = {trial.number: float(p) for trial, p in zip(complete, found, strict=True)}
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("trial", justify="right", no_wrap=True)
    table.add_column("model", no_wrap=True)
    for title in (*(objective.name for objective in objectives), *(["chance"] if chance else [])):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    indices = family_indices(list(dict(search.families)))
    equal = Counter(map(_candidate, members))
    shown: set[str] = set()
    for trial in members:
        if _candidate(trial) in shown:
            continue
        if len(shown) == SHOWN_MEMBERS:
            table.caption = f"and {len(equal) - SHOWN_MEMBERS} more"
            break
        shown.add(_candidate(trial))
        family = trial.candidate.family
        name = Text(words.model(trial), colour(indices.get(family, 0)))
        again = equal[_candidate(trial)] - 1
        marks = (["new"] if trial.number in new else []) + ([f"+{again} equal"] if again else [])
        cells = [f"{value:,.5g}" for value in trial.objectives.values()]
        cells += [f"{chance[trial.number]:.2f}"] if chance else []
        table.add_row(str(trial.number), name, *cells, " ".join(marks))
    return table


def duration(seconds: float) -> str:
    """Returns a time in words: ``45 s``, ``12 min``, ``3.5 h``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _candidate(trial: Trial) -> str:
    return f"{trial.candidate.family} {hyperparameters(trial)}"


def _ending(session: Session) -> str:
    """Returns that a search has ended, and why if it did so before its trials did; or nothing."""
    if not session.finished:
        return ""
    early = len(session.trials) < session.search.trials
    return "settled" if early and session.settled else "finished"


def _gains(session: Session) -> list[str]:
    """Returns what the last cohort added to the hypervolume, and the chance of more, in words."""
    words = []
    if session.gain is not None:
        words.append(f"last gain {session.gain:.1%}")
    if session.chance is not None:
        words.append(f"chance of more {session.chance:.0%}")
    return words


def _endings(trials: Sequence[Trial]) -> list[str]:
    """Returns how many trials ended in another way than complete, in words."""
    states = Counter(trial.state for trial in trials)
    named = {TrialState.PRUNED: "stopped early", TrialState.FAIL: "failed"}
    return [f"{states[state]} {name}" for state, name in named.items() if states[state]]
