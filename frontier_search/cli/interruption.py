"""Ctrl-C and SIGTERM: the first ends a search in time, the second at once.

Both are safe, and so is SIGKILL. The first also says how to resume.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType

from frontier_search.errors import INTERRUPTED
from frontier_search.storage.folder import HomeFolder

GRACE_S = 8.0  # an interrupted search that takes longer to stop is ended
IMPORTING = "<frozen importlib._bootstrap>"  # the file of Python's own import, in a traceback


def loading(frame: FrameType | None) -> bool:
    """Returns whether a module is being imported.

    A module in C++, such as torch's, aborts the process when an exception is raised inside it.
    """
    while frame is not None:
        if frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False


class Interruptible:
    """Handles Ctrl-C and SIGTERM inside the ``with`` block.

    The first signal raises KeyboardInterrupt. When the block has unwound, the process prints how to
    resume and exits with 130. If unwinding takes longer than ``GRACE_S`` (Ray may wait for
    processes that are dead), or if a library is being imported, the process exits at once with the
    same message.

    Attributes:
        folder: of the search or the sweep, as soon as its name is known.
        words_once_over: the last message once the search is over and its answer printed.
    """

    def __init__(self, folder: HomeFolder | None = None) -> None:
        self.folder = folder
        self.words_once_over: str | None = None
        self._received = 0

    @property
    def last_words(self) -> str:
        """The last message. Once the search is defined, nothing that is finished is lost."""
        if self.words_once_over is not None:
            return self.words_once_over
        if self.folder is None or not self.folder.exists():
            return "interrupted; nothing was begun."
        command = self.folder.resume_command
        return f"interrupted; everything finished is kept. Resume with:\n    {command}"

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
        if not self._received:  # after a first Ctrl-C a second one must still end the process
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
        """Ends the process without its exit handlers.

        Ray's handlers may wait for minutes, and the storage needs none.
        """
        sys.stdout.flush()
        sys.stderr.write(f"{self.last_words}\n")
        sys.stderr.flush()
        os._exit(INTERRUPTED)
