"""The live views of a search and of a sweep, on standard error.

On a terminal a panel is redrawn; elsewhere each step is a line of text.
"""

from __future__ import annotations

import math
import time
from types import TracebackType

from rich.console import Console, Group, RenderableType
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


class Screen:
    """Standard error: a panel on a terminal, lines of text elsewhere.

    Args:
        panel: what the terminal shows first.
    """

    def __init__(self, panel: RenderableType) -> None:
        self._console = Console(stderr=True)
        terminal = self._console.is_terminal
        self._live = Live(panel, console=self._console, refresh_per_second=4) if terminal else None

    @property
    def has_panel(self) -> bool:
        """Whether standard error is a terminal."""
        return self._live is not None

    def start(self) -> None:
        """Shows the panel."""
        if self._live:
            self._live.start()

    def stop(self) -> None:
        """Leaves the last panel on the terminal and no longer redraws it."""
        if self._live:
            self._live.stop()

    def redraw(self, panel: RenderableType) -> None:
        """Replaces the panel; has no effect elsewhere than on a terminal."""
        if self._live:
            self._live.update(panel)

    def say(self, words: str) -> None:
        """Prints a line of text."""
        self._console.print(words, highlight=False, soft_wrap=True)


class LiveView:
    """The progress of a search: trials, time left, the frontier and its hypervolume.

    It observes the session.

    Args:
        resume: the command that resumes the search. It is shown first, because a process that is
            killed cannot show it at the end.
    """

    def __init__(self, search: Search, resume: str) -> None:
        self.search, self.resume = search, resume
        self._screen = Screen(Text(f"{search.name}: starting"))
        # time and number of finished trials when the session began
        self._start: tuple[float, int] | None = None

    def __enter__(self) -> LiveView:
        search = self.search
        self._screen.say(f"stop at any time; resume with: {self.resume}")
        self._screen.start()
        if not self._screen.has_panel:
            trials = f"{search.trials} trials x {len(search.seeds)} seeds"
            self._screen.say(f"{search.name}: {trials} on {search.dataset}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Leaves what is shown where it is."""
        self._screen.stop()

    def observe(self, session: Session) -> None:
        """Shows what the session has recorded."""
        finished = sum(trial.state.finished for trial in session.trials)
        if self._start is None:
            self._start = (time.monotonic(), finished)
        frontier = session.frontier
        volume = Hypervolume(session.trials, session.objectives).of(frontier.members)
        failed = sum(trial.state is TrialState.FAIL for trial in session.trials)
        facts = [
            f"{self.search.name}: {finished}/{self.search.trials} trials",
            "finished" if session.finished else self._time_left(finished),
            f"frontier {len(frontier.members)}",
            f"hypervolume {volume:.4f}",
        ]
        stopped = sum(trial.state is TrialState.PRUNED for trial in session.trials)
        facts += [f"{stopped} stopped early"] if stopped else []
        words = ", ".join([*facts, f"{failed} failed"] if failed else facts)
        bar = ProgressBar(self.search.trials, finished, width=60)
        self._screen.redraw(Group(Text(words), bar, _members(frontier)))
        if finished and not self._screen.has_panel:
            self._screen.say(words)

    def _time_left(self, finished: int) -> str:
        assert self._start is not None  # set by observe
        began, finished_before = self._start
        new = finished - finished_before
        if new <= 0:
            return "time left unknown"
        left_s = (self.search.trials - finished) * (time.monotonic() - began) / new
        return f"{left_s:.0f} s left" if left_s < 120 else f"{left_s / 60:.0f} min left"


class MirrorView:
    """How far the mirror is, while the command waits for nothing else."""

    WORDS = "the search is over; MLflow is being completed. Ctrl-C loses nothing"

    def __init__(self) -> None:
        self._screen = Screen(Text(self.WORDS))

    def __enter__(self) -> MirrorView:
        self._screen.start()
        if not self._screen.has_panel:
            self._screen.say(self.WORDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._screen.stop()

    def show(self, progress: str) -> None:
        """Shows what the mirror has logged so far, for example "40 of 96 trials"."""
        self._screen.redraw(Text(f"{self.WORDS}: {progress}" if progress else self.WORDS))


class SweepView:
    """The progress of all searches of a sweep, as a table. It observes every session.

    Args:
        resume: the command that resumes the sweep; it is shown first.
    """

    def __init__(self, sweep: Sweep, resume: str) -> None:
        self.sweep, self.resume = sweep, resume
        # search -> state, finished trials, trials, members, best value
        self._rows = {
            search.name: ("waiting", 0, search.trials, "", "") for _, search in sweep.searches
        }
        self._screen = Screen(self._table())
        self._began: dict[str, float] = {}  # search -> time

    def __enter__(self) -> SweepView:
        trials = sum(search.trials for _, search in self.sweep.searches)
        words = f"{self.sweep.name}: {len(self.sweep.searches)} searches, {trials:,} trials"
        self._screen.say(f"{words}; stop at any time; resume with: {self.resume}")
        self._screen.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._screen.stop()

    def observe(self, session: Session) -> None:
        """Shows what the session of one search has recorded."""
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
        self._screen.redraw(self._table())
        if finished and not self._screen.has_panel:
            position = f"{list(self._rows).index(name) + 1}/{len(self._rows)}"
            facts = [
                f"{position} {name}: {finished}/{total} trials",
                f"frontier {len(frontier.members)}",
                f"best {first.name} {best}",
                f"{time.monotonic() - began:.0f} s",
            ]
            self._screen.say(", ".join(facts))

    def _table(self) -> Table:
        table = Table(box=None, header_style="bold", title=self.sweep.name, title_justify="left")
        for title in ("search", "state", "trials", "frontier", "best"):
            table.add_column(title, justify="left" if title in ("search", "state") else "right")
        for name, (state, finished, total, members, best) in self._rows.items():
            table.add_row(name, state, f"{finished}/{total}", members, best)
        return table


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
