"""The Ray of this process: started when a search first needs it, for one search after another."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frontier_search.errors import INTERRUPTED
from frontier_search.executors import Where

SHUTDOWN_S = 10.0  # in which Ray must end

log = logging.getLogger(__name__)


class ProcessRay:
    """Starts or joins Ray in a thread, which lives as long as Ray and ends it.

    On Linux the processes of Ray are killed when the thread that started them ends.
    """

    def __init__(self, where: Where) -> None:
        self.where = where
        self.resume = ""  # the command that resumes the last search, for the last message
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._surroundings: object = None  # what the workers inherited
        self._answered, self._ending = threading.Event(), threading.Event()

    def start(self) -> None:
        """Begins to start Ray, unless that was done before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name="ray", daemon=True)
            self._thread.start()

    @property
    def has_answered(self) -> bool:
        """Whether Ray is up, or cannot be started."""
        return self._answered.is_set()

    def require(self) -> None:
        """Waits until Ray is up, after starting it where that was not done before.

        Raises:
            SearchError, SpecError: as ``joining.joined``.
        """
        self.start()
        self._answered.wait()
        if self._error is not None:
            raise self._error

    def fits(self, where: Where) -> bool:
        """Returns whether Ray can serve a search: it runs, and what workers inherit is the same."""
        if self._thread is None or self._ending.is_set() or self._error is not None:
            return False
        ray = sys.modules.get("ray")
        is_up = self.has_answered and ray is not None and ray.is_initialized()
        return where == self.where and is_up and _surroundings() == self._surroundings

    def begin_to_end(self) -> None:
        """Lets the thread end Ray. ``end`` waits for that."""
        self._ending.set()

    def end(self) -> None:
        """Ends Ray, or this process when Ray does not end.

        Ray waits for ever for a part of it that hangs, and so would the interpreter at its end.
        """
        self.begin_to_end()
        if self._thread is None:
            return
        self._thread.join(SHUTDOWN_S)
        if self._thread.is_alive():
            error = sys.exc_info()[1]  # what stopped the search, when something did
            log.error(
                "%sRay does not end: a part of it hangs; everything finished is kept.%s",
                f"{error}\n" if error else "",
                f" Resume with:\n    {self.resume}" if self.resume else "",
            )
            os._exit(INTERRUPTED)

    def _live(self) -> None:
        try:
            from frontier_search.executors import joining  # loads ray

            with joining.joined(self.where):
                atexit.register(self.end)  # runs before Ray's own function, which waits longer
                self._surroundings = _surroundings()
                self._answered.set()
                self._ending.wait()
        except BaseException as error:
            self._error = error
        finally:
            self._answered.set()


_ours: ProcessRay | None = None


@contextmanager
def used(where: Where, resume: str) -> Iterator[ProcessRay]:
    """Yields the Ray of this process. It outlives the block, unless an error leaves the block.

    Args:
        resume: the command that continues the search, for a message when Ray does not end.
    """
    global _ours
    if _ours is None or not _ours.fits(where):
        end()
        _ours = ProcessRay(where)
    ray = _ours
    ray.resume = resume
    try:
        yield ray
    except BaseException:
        ray.end()
        raise


def begin_to_end() -> None:
    """Lets the Ray of this process end, without waiting for it."""
    if _ours is not None:
        _ours.begin_to_end()


def end() -> None:
    """Ends the Ray of this process, where there is one."""
    global _ours
    if _ours is not None:
        _ours.end()
        _ours = None


def _surroundings() -> object:
    """Returns what the workers of a Ray inherit from this process."""
    return Path.cwd(), dict(os.environ)
