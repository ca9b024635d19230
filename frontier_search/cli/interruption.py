"""Ctrl-C and SIGTERM: the first ends a search in time and says how to go on, the second ends it at once, as safely as SIGKILL does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType

from frontier_search.errors import INTERRUPTED
from frontier_search.storage.folder import HomeFolder

GRACE_S = 8.0  # for an interrupted search to stop by itself
IMPORTING = "<frozen importlib._bootstrap>"  # the file of Python's own import, in a traceback


def loading(frame: FrameType | None) -> bool:
    """Whether a module is being imported: one in C++, such as torch's, aborts the process when an exception comes up inside it."""
    while frame is not None:
        if frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False


class Interruptible:
    """Inside the ``with`` block the first signal raises KeyboardInterrupt, and once that has unwound the process ends with its last words;
    a process that does not stop in time, such as Ray when it waits for its dead parts, and one that is loading a library, is ended with the
    same words.

    Attributes:
        folder: of the search or the sweep, as soon as its name is known.
    """

    def __init__(self, folder: HomeFolder | None = None) -> None:
        self.folder = folder
        self._received = 0

    @property
    def last_words(self) -> str:
        """What is true at this moment: nothing can be lost before the search is defined, and nothing is lost from then on."""
        if self.folder is None or not self.folder.exists():
            return "interrupted; nothing was begun."
        return f"interrupted; everything finished is kept. Go on with:\n    {self.folder.resume_command}"

    def __enter__(self) -> Interruptible:
        self._before = {
            number: signal.signal(number, self._interrupt)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._end()
        if not self._received:  # else a second Ctrl-C must still end the process
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._received += 1
        if self._received > 1:
            os._exit(INTERRUPTED)
        if loading(frame):
            self._end()
        impatient = threading.Timer(GRACE_S, self._end)
        impatient.daemon = True
        impatient.start()
        raise KeyboardInterrupt

    def _end(self) -> None:
        """Ends the process without its exit handlers: Ray's may wait for minutes, and the storage needs none."""
        sys.stdout.flush()
        sys.stderr.write(f"{self.last_words}\n")
        sys.stderr.flush()
        os._exit(INTERRUPTED)
