"""Mirrors live searches from a separate process, one after another or several at once.

The searches run on if MLflow refuses requests, hangs or answers 500.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from frontier_search.errors import SpecError
from frontier_search.mirror import database
from frontier_search.mirror.mirror import Mirror
from frontier_search.mirror.process import BEGINS, ENDS, PROGRESS
from frontier_search.reports import drawing

EVERY_S = 2.0  # between two syncs
SLOWEST_S = 30.0  # between two syncs while MLflow is down
LAST_TRIES = 2  # after the search has ended; `frontier-search sync` completes the mirror later
RELEASE_S = 2.0  # the longest wait for the lock of a process that has died

log = logging.getLogger(__name__)


class Followed:
    """One search that is followed.

    Args:
        find: returns its mirror.

    Attributes:
        ended: whether the process that ran it has said so, or is gone.
        complete: whether MLflow holds everything; None: it is still followed.
    """

    def __init__(self, find: Callable[[], Mirror], every_s: float = EVERY_S) -> None:
        self.find, self.every_s = find, every_s
        self.mirror: Mirror | None = None
        self.ended = False
        self.complete: bool | None = None
        self._failures = self._last_failures = 0
        self._due = time.monotonic()

    @property
    def wait_s(self) -> float:
        """Seconds until its next sync."""
        return max(0.0, self._due - time.monotonic())

    def end(self) -> None:
        """Notes that the search has ended. The next sync is due now, and it is the last."""
        if not self.ended:
            self.ended, self._due = True, time.monotonic()

    def sync(self) -> None:
        """Syncs once.

        It never raises. A failed sync writes one line to the log, and the next sync tries again.
        """
        try:
            self.mirror = self.mirror or self.find()
            # None and not False: another process may have resumed the search after ours ended
            self.mirror.sync(live=None if self.ended else True)
            self._failures = 0
            self.complete = True if self.ended else None
        except SpecError as error:  # no later sync can change this
            log.error("the mirror stops: %s", error)
            self.complete = False
        except Exception as error:  # the search must run on, and the next sync may succeed
            self._failures += 1
            self._last_failures += self.ended
            reason = " ".join(str(error).split()) or type(error).__name__
            log.warning("the mirror is behind: %s", reason)
            if self._last_failures >= LAST_TRIES:
                self.complete = False
        longer_s = min(self.every_s * 2 ** min(self._failures, 10), SLOWEST_S)
        self._due = time.monotonic() + (self.every_s if self.ended else longer_s)


def follow(lines: Iterable[str], find: Callable[[str], Mirror], every_s: float = EVERY_S) -> bool:
    """Follows every search that has begun, until all have ended.

    Args:
        lines: ``begins NAME`` and ``ends NAME``, as they are written. When they are over, the
            process that ran the searches is gone.
        find: returns the mirror of a search.
        every_s: seconds between two syncs; the wait doubles while MLflow is down.

    Returns:
        whether MLflow holds everything.
    """
    read: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines, read), daemon=True).start()
    searches: dict[str, Followed] = {}
    is_over = False
    while True:
        left = [each for each in searches.values() if each.complete is None]
        if is_over and not left:
            return all(each.complete for each in searches.values())
        wait_s = min((each.wait_s for each in left), default=None)
        with contextlib.suppress(queue.Empty):
            line = read.get(timeout=wait_s)
            if line is None:
                is_over = True
                _wait_for_locks(left)
                for each in left:
                    each.end()
            else:
                _note(line, searches, find, every_s)
            continue  # whatever else was written meanwhile is read first
        for each in left:
            if not each.wait_s:
                each.sync()


def follow_standard_input(find: Callable[[str], Mirror]) -> bool:
    """Follows searches as ``MirrorProcess`` names them.

    While the first cohort trains, it loads what every mirror needs.
    """
    database.prepare()
    drawing.load()
    return follow(sys.stdin, find)


def write_progress(words: str) -> None:
    """Writes how far the mirror is to its log, where the command that waits for it reads it."""
    sys.stdout.write(f"{PROGRESS}{words}\n")
    sys.stdout.flush()


def _read(lines: Iterable[str], into: queue.SimpleQueue[str | None]) -> None:
    for line in lines:
        into.put(line)
    into.put(None)


def _note(
    line: str, searches: dict[str, Followed], find: Callable[[str], Mirror], every_s: float
) -> None:
    """Notes that a search has begun or ended."""
    word, _, name = line.strip().partition(" ")
    if word == BEGINS:
        searches[name] = Followed(partial(find, name), every_s)
    elif word == ENDS:
        searches[name].end()


def _wait_for_locks(searches: Iterable[Followed]) -> None:
    """Waits until the system has released what a process held that died a moment ago."""
    until = time.monotonic() + RELEASE_S
    for each in searches:
        folder = each.mirror.entry.folder if each.mirror and not each.ended else None
        while folder is not None and folder.holder() and time.monotonic() < until:
            time.sleep(0.05)
