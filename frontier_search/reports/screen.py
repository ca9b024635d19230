"""Standard error: a panel that is redrawn on a terminal, lines of text elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live

REFRESHES_A_SECOND = 4


class Screen:
    """Standard error: a panel on a terminal that can move its cursor, lines of text elsewhere.

    Args:
        panel: what the terminal shows first. It is asked for its content at each refresh, so that
            a clock in it runs.
    """

    def __init__(self, panel: RenderableType) -> None:
        self._console = Console(stderr=True)
        movable = self._console.is_terminal and not self._console.is_dumb_terminal
        self._live = (
            Live(panel, console=self._console, refresh_per_second=REFRESHES_A_SECOND)
            if movable
            else None
        )

    @property
    def has_panel(self) -> bool:
        """Whether the panel is drawn."""
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
        """Replaces the panel; has no effect where none is drawn."""
        if self._live:
            self._live.update(panel)

    def say(self, words: str) -> None:
        """Prints a line of text."""
        self._console.print(words, highlight=False, soft_wrap=True)


class View:
    """What a screen shows inside a ``with`` block.

    Args:
        panel: as that of ``Screen``.
    """

    def __init__(self, panel: RenderableType) -> None:
        self._screen = Screen(panel)

    def start(self) -> None:
        """Shows the panel, and says what stands above it."""
        self._screen.start()

    def stop(self) -> None:
        """Leaves the last panel on the terminal. It may be called again."""
        self._screen.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
