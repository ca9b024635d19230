"""The mirror beside a live search: a process of its own that follows the storage, so that MLflow can neither slow nor stop the search."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

from frontier_search.session import Session
from frontier_search.storage.catalog import Entry

log = logging.getLogger(__name__)

FINISH_S = 600.0


class MirrorProcess:
    """``frontier-search sync NAME --follow PID``, started when the session is live; it outlives an interrupted driver to close the mirror."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._process: subprocess.Popen[bytes] | None = None

    def observe(self, session: Session) -> None:
        """Starts the process once; an observer of the session."""
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
                    start_new_session=True,  # Ctrl-C is the driver's; the mirror closes itself once the driver is gone
                )

    def finish(self) -> None:
        """Waits until every trial is mirrored; says so, and what to do, when it takes too long or fails."""
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
