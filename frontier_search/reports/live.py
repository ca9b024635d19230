"""The live views of a search and of a sweep: a panel that is redrawn on a terminal, plain lines elsewhere, both on standard error."""

from __future__ import annotations

import math
import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.hypervolume import Hypervolume
from frontier_search.search.search import Search
from frontier_search.search.sweep import Sweep
from frontier_search.session import Session
from frontier_search.trial import TrialState

SHOWN_MEMBERS = 12


class LiveView:
    """Trials done of how many, time left, the current frontier and its hypervolume; an observer of the session.

    Args:
        resume: the command that goes on, said first: a process that is killed has no last words.
    """

    def __init__(self, search: Search, resume: str) -> None:
        self.search, self.resume = search, resume
        self.console = Console(stderr=True)
        self._live = (
            Live(Text(f"{search.name}: starting"), console=self.console, refresh_per_second=4)
            if self.console.is_terminal
            else None
        )
        self._first: tuple[float, int] | None = (
            None  # when this session began to count, and how many were finished
        )

    def __enter__(self) -> LiveView:
        _say(self.console, f"stop at any time; go on with: {self.resume}")
        if self._live:
            self._live.start()
        else:
            _say(
                self.console,
                f"{self.search.name}: {self.search.trials} trials x {len(self.search.seeds)} seeds on {self.search.dataset}",
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def observe(self, session: Session) -> None:
        finished = sum(trial.state.finished for trial in session.trials)
        if self._first is None:
            self._first = (time.monotonic(), finished)
        frontier = session.frontier
        volume = Hypervolume(session.trials, session.objectives).of(frontier.members)
        failed = sum(trial.state is TrialState.FAIL for trial in session.trials)
        words = f"{self.search.name}: {finished}/{self.search.trials} trials, {'finished' if session.finished else self._time_left(finished)}, "
        words += f"frontier {len(frontier.members)}, hypervolume {volume:.4f}" + (
            f", {failed} failed" if failed else ""
        )
        if self._live:
            self._live.update(
                Group(
                    Text(words),
                    ProgressBar(self.search.trials, finished, width=60),
                    _members(frontier),
                )
            )
        elif finished:
            _say(self.console, words)

    def _time_left(self, finished: int) -> str:
        assert self._first is not None  # set by observe
        start, before = self._first
        if finished <= before:
            return "time left unknown"
        left = (self.search.trials - finished) * (time.monotonic() - start) / (finished - before)
        return f"{left:.0f} s left" if left < 120 else f"{left / 60:.0f} min left"


class SweepView:
    """One view over all searches of a sweep: a table that is redrawn on a terminal, plain lines elsewhere; an observer of every session.

    Args:
        resume: the command that goes on, said first.
    """

    def __init__(self, sweep: Sweep, resume: str) -> None:
        self.sweep, self.resume = sweep, resume
        self.console = Console(stderr=True)
        self._rows = {
            search.name: ("waiting", 0, search.trials, "", "") for _, search in sweep.searches
        }
        self._live = (
            Live(self._table(), console=self.console, refresh_per_second=4)
            if self.console.is_terminal
            else None
        )
        self._began: dict[str, float] = {}

    def __enter__(self) -> SweepView:
        trials = sum(search.trials for _, search in self.sweep.searches)
        words = f"{self.sweep.name}: {len(self.sweep.searches)} searches, {trials:,} trials; stop at any time; go on with: {self.resume}"
        _say(self.console, words)
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def observe(self, session: Session) -> None:
        name, total = session.search.name, session.search.trials
        finished = sum(trial.state.finished for trial in session.trials)
        began = self._began.setdefault(name, time.monotonic())
        frontier = session.frontier
        first = frontier.objectives[0]
        lowest = min(
            (first.to_minimised(member.objectives[first.name]) for member in frontier.members),
            default=math.nan,
        )
        best = f"{first.from_minimised(lowest):.4g}"
        state = "finished" if session.finished else "running"
        self._rows[name] = (state, finished, total, str(len(frontier.members)), best)
        if self._live:
            self._live.update(self._table())
        elif finished:
            place = f"{list(self._rows).index(name) + 1}/{len(self._rows)}"
            words = f"{place} {name}: {finished}/{total} trials, frontier {len(frontier.members)}, best {first.name} {best}"
            _say(self.console, f"{words}, {time.monotonic() - began:.0f} s")

    def _table(self) -> Table:
        table = Table(box=None, header_style="bold", title=self.sweep.name, title_justify="left")
        for title in ("search", "state", "trials", "frontier", "best"):
            table.add_column(title, justify="left" if title in ("search", "state") else "right")
        for name, (state, finished, total, members, best) in self._rows.items():
            table.add_row(name, state, f"{finished}/{total}", members, best)
        return table


def _say(console: Console, words: str) -> None:
    console.print(words, highlight=False, soft_wrap=True)


def _members(frontier: Frontier) -> Table:
    table = Table(box=None, header_style="bold")
    for title in ("trial", "family", *(objective.name for objective in frontier.objectives)):
        table.add_column(title, justify="left" if title == "family" else "right")
    for trial in frontier.members[:SHOWN_MEMBERS]:
        table.add_row(
            str(trial.number),
            trial.candidate.family,
            *(f"{value:.5g}" for value in trial.objectives.values()),
        )
    if len(frontier.members) > SHOWN_MEMBERS:
        table.caption = f"and {len(frontier.members) - SHOWN_MEMBERS} more"
    return table
