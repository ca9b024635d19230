"""Starts the process that mirrors a live search.

It is separate from the search, so that MLflow can neither slow nor stop the search.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys

from frontier_search.session import Session
from frontier_search.storage.catalog import Entry

log = logging.getLogger(__name__)

FINISH_S = 600.0  # the longest wait for the mirror once the search has ended


class MirrorProcess:
    """The command ``frontier-search sync NAME --follow PID`` in a process.

    It starts with the session. It outlives an interrupted driver, to complete the mirror.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._process: subprocess.Popen[bytes] | None = None

    def observe(self, session: Session) -> None:
        """Starts the process on the first call; an observer of the session."""
        if self._process is None:
            folder = self.entry.folder
            arguments = [
                "sync",
                self.entry.search.name,
                "--home",
                str(folder.home),
                "--follow",
                str(os.getpid()),
            ]
            with (folder.path / "mirror.log").open("ab") as output:
                self._process = subprocess.Popen(
                    ["nice", sys.executable, "-m", "frontier_search", *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    # Ctrl-C must reach only the driver; the mirror ends by itself after it
                    start_new_session=True,
                )

    def finish(self) -> None:
        """Waits until every trial is mirrored.

        If that fails or takes longer than FINISH_S, a warning names the command that completes it.
        """
        if self._process is None:
            return
        try:
            code = self._process.wait(FINISH_S)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            code = -1
        if code != 0:
            name = self.entry.search.name
            log.warning(
                "the MLflow mirror is behind (see %s); complete it with `frontier-search sync %s`",
                self.entry.folder.path / "mirror.log",
                name,
            )
