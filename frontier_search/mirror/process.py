"""Starts the process that mirrors a live search.

It is separate from the search, so that MLflow can neither slow nor stop the search.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable

from frontier_search import machine
from frontier_search.session import Session
from frontier_search.storage.catalog import Entry

log = logging.getLogger(__name__)

FINISH_S = 600.0  # the longest wait for the mirror once the search has ended
PROGRESS = "progress: "  # begins a line of the log that says how far the mirror is
SHOWN_EVERY_S = 0.25  # while it is waited for


class MirrorProcess:
    """The command ``frontier-search sync NAME --follow PID`` in a process.

    It starts after the first cohort, so that it does not slow that down. It outlives an
    interrupted driver, to complete the mirror.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._process: subprocess.Popen[bytes] | None = None
        self._log = entry.folder.path / "mirror.log"
        self._log_begins = 0  # bytes of earlier sessions

    def observe(self, session: Session) -> None:
        """Starts the process when the first trial has finished; an observer of the session."""
        if self._process is None and any(trial.state.finished for trial in session.trials):
            folder = self.entry.folder
            arguments = [
                "sync",
                self.entry.search.name,
                "--home",
                str(folder.home),
                "--follow",
                str(os.getpid()),
            ]
            with self._log.open("ab") as output:
                self._log_begins = output.tell()
                self._process = subprocess.Popen(
                    ["nice", sys.executable, "-m", "frontier_search", *arguments],
                    env=os.environ | machine.SAFE_PATH,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    # Ctrl-C must reach only the driver; the mirror ends by itself after it
                    start_new_session=True,
                )

    def finish(self, show: Callable[[str], None] = lambda progress: None) -> None:
        """Waits until every trial is mirrored.

        If that fails or takes longer than FINISH_S, a warning names the command that completes it.

        Args:
            show: is called meanwhile with the mirror's progress in words.
        """
        if self._process is None:
            return
        code, until = None, time.monotonic() + FINISH_S
        while code is None:
            try:
                code = self._process.wait(SHOWN_EVERY_S)
            except subprocess.TimeoutExpired:
                show(self._progress())
                if time.monotonic() > until:
                    self._process.terminate()
                    code = -1
        if code != 0:
            name = self.entry.search.name
            log.warning(
                "the MLflow mirror is behind (see %s); complete it with `frontier-search sync %s`",
                self._log,
                name,
            )

    def _progress(self) -> str:
        """Returns the last progress that the process has written to its log; "" before that."""
        lines = self._log.read_bytes()[self._log_begins :].decode(errors="replace").splitlines()
        told = [line for line in lines if line.startswith(PROGRESS)]
        return told[-1].removeprefix(PROGRESS) if told else ""
