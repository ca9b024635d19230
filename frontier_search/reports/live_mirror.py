"""How far the mirror is, while a command waits for nothing else."""

from __future__ import annotations

from rich.text import Text

from frontier_search.reports.screen import View


class MirrorView(View):
    """How far the mirror is, while the command waits for nothing else.

    Args:
        what: that is over, a search or a sweep.
    """

    def __init__(self, what: str = "search") -> None:
        self._words = f"the {what} is over; MLflow is being completed. Ctrl-C loses nothing"
        super().__init__(Text(self._words))

    def start(self) -> None:
        super().start()
        if not self._screen.has_panel:
            self._screen.say(self._words)

    def show(self, progress: str) -> None:
        """Shows what the mirror has logged so far, for example "40 of 96 trials"."""
        self._screen.redraw(Text(f"{self._words}: {progress}" if progress else self._words))
