"""How far the mirror is, while a command waits for nothing else."""

from __future__ import annotations

from types import TracebackType

from rich.text import Text

from frontier_search.reports.screen import Screen


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
