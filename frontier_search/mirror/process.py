"""The process that mirrors live searches, as the command that runs them sees it.

It is separate from the searches, so that MLflow can neither slow nor stop them.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, cast

from frontier_search import machine
from frontier_search.session import Session
from frontier_search.storage.folder import HomeFolder, SearchFolder

log = logging.getLogger(__name__)

FINISH_S = 600.0  # the longest wait without progress once the searches have ended
BEGINS, ENDS = "begins", "ends"  # what the process reads of a search: "begins iris-1"
PROGRESS = "progress: "  # begins a line of the log that says how far the mirror is
SHOWN_EVERY_S = 0.25  # while it is waited for


class MirrorProcess:
    """The command ``frontier-search sync NAME --follow`` in a process, for all that a command runs.

    It starts at once, at low priority, to import MLflow while the first cohort is prepared. A
    search is mirrored from its first finished trial on. When this process ends, in whatever way,
    the pipe between them closes, and the mirror completes what it knows of.

    Args:
        folder: of the first search or the sweep, where the log is.
    """

    def __init__(self, folder: HomeFolder) -> None:
        self.folder = folder
        self._said = set[tuple[str, str]]()
        self._log = folder.path / "mirror.log"
        command = ["sync", folder.name, "--home", str(folder.home), "--follow"]
        with self._log.open("ab") as output:
            self._log_begins = output.tell()  # bytes of earlier sessions
            self._process = subprocess.Popen(
                ["nice", sys.executable, "-m", "frontier_search", *command],
                env=os.environ | machine.SAFE_PATH,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                # Ctrl-C must reach only the driver; the mirror ends by itself after it
                start_new_session=True,
            )

    def observe(self, session: Session) -> None:
        """Says that a search has a finished trial, and that it has all; observes its session.

        A search that ends early, by its time budget, is mirrored as running until ``end``.
        """
        if any(trial.state.finished for trial in session.trials):
            self._say(BEGINS, session.search.name)
            if session.complete:
                self.end(session.search.name)

    def end(self, search: str) -> None:
        """Says that a search has ended, so that its mirror is completed."""
        if (BEGINS, search) in self._said:
            self._say(ENDS, search)

    def _say(self, word: str, search: str) -> None:
        if (word, search) not in self._said:
            self._said.add((word, search))
            with suppress(OSError):  # the process has died; `finish` warns of it
                self._input.write(f"{word} {search}\n".encode())
                self._input.flush()

    @property
    def _input(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdin)

    def finish(self, show: Callable[[str], None] = lambda progress: None) -> None:
        """Waits until every trial is mirrored.

        If that fails, or makes no progress for FINISH_S, a warning names the command that completes
        it.

        Args:
            show: is called meanwhile with the mirror's progress in words.
        """
        with suppress(OSError):
            self._input.close()
        code, last, until = None, "", time.monotonic() + FINISH_S
        while code is None:
            try:
                code = self._process.wait(SHOWN_EVERY_S)
            except subprocess.TimeoutExpired:
                progress = self._progress()
                show(progress)
                if progress != last:
                    last, until = progress, time.monotonic() + FINISH_S
                if time.monotonic() > until:
                    self._process.terminate()
                    code = -1
        if code != 0:
            begun = [search for word, search in sorted(self._said) if word == BEGINS]
            of_one = isinstance(self.folder, SearchFolder)  # of a sweep, its name is enough
            names = begun if of_one and begun else [self.folder.name]
            log.warning(
                "the MLflow mirror is behind (see %s); complete it with %s",
                self._log,
                " and ".join(f"`frontier-search sync {name}`" for name in names),
            )

    def _progress(self) -> str:
        """Returns the last progress that the process has written to its log; "" before that."""
        lines = self._log.read_bytes()[self._log_begins :].decode(errors="replace").splitlines()
        told = [line for line in lines if line.startswith(PROGRESS)]
        return told[-1].removeprefix(PROGRESS) if told else ""
