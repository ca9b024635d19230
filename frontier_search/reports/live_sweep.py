"""The live view of a sweep: one bar over all its trials, and a row for each search."""

from __future__ import annotations

import math
import time

from rich.console import Group
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from frontier_search.reports.live import BAR_COLUMNS, Pace
from frontier_search.reports.screen import View
from frontier_search.search.sweep import Sweep
from frontier_search.session import Session


class SweepView(View):
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
        self._pace = Pace(sum(search.trials for _, search in sweep.searches))
        self._began: dict[str, float] = {}  # search -> time
        super().__init__(self)

    def start(self) -> None:
        trials = sum(search.trials for _, search in self.sweep.searches)
        words = f"{self.sweep.name}: {len(self.sweep.searches)} searches, {trials:,} trials"
        self._screen.say(f"{words}; stop at any time; resume with: {self.resume}")
        super().start()

    def observe(self, session: Session) -> None:
        """Shows what the session of one search has recorded."""
        name, total = session.search.name, session.search.trials
        finished = sum(trial.state.finished for trial in session.trials)
        begins = not self._began
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
        self._pace.note(self._finished - finished if begins else self._finished)
        if finished and not self._screen.has_panel:
            position = f"{list(self._rows).index(name) + 1}/{len(self._rows)}"
            facts = [
                f"{position} {name}: {finished}/{total} trials",
                f"frontier {len(frontier.members)}",
                f"best {first.name} {best}",
                f"{time.monotonic() - began:.0f} s",
            ]
            self._screen.say(", ".join(facts))

    @property
    def _finished(self) -> int:
        """The finished trials of all searches that were observed."""
        return sum(finished for _, finished, _, _, _ in self._rows.values())

    def __rich__(self) -> Group:
        finished = self._finished
        facts = [self.sweep.name, self._pace.elapsed, f"{finished}/{self._pace.trials} trials"]
        facts += [self._pace.left(finished)] if self._pace.rate(finished) else []
        bar = Padding(ProgressBar(self._pace.trials, finished, width=BAR_COLUMNS), 0)
        return Group(Text(", ".join(facts)), bar, self._table())

    def _table(self) -> Table:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for title in ("search", "state", "trials", "frontier", "best"):
            table.add_column(title, justify="left" if title in ("search", "state") else "right")
        for name, (state, finished, total, members, best) in self._rows.items():
            table.add_row(name, state, f"{finished}/{total}", members, best)
        return table
