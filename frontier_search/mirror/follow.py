"""Mirrors a live search from a separate process.

The search runs on if MLflow refuses requests, hangs or answers 500.
"""

from __future__ import annotations

import logging
import os
import sys
import time

from frontier_search.errors import SpecError
from frontier_search.mirror.mirror import Mirror
from frontier_search.mirror.process import PROGRESS

EVERY_S = 2.0  # between two syncs
SLOWEST_S = 30.0  # between two syncs while MLflow is down
LAST_TRIES = 2  # after the search has ended; `frontier-search sync` completes the mirror later

log = logging.getLogger(__name__)


def follow(mirror: Mirror, parent_pid: int, every_s: float = EVERY_S) -> bool:
    """Syncs until the search has ended or its process is gone, and then once more.

    It never raises. A failed sync writes one line to the log, and the next sync tries again.

    Args:
        parent_pid: the process that runs the search.
        every_s: seconds between two syncs; the wait doubles while MLflow is down.

    Returns:
        whether MLflow holds everything.
    """
    failures, last_failures = 0, 0
    while True:
        live = _is_live(mirror, parent_pid)
        try:
            # None and not False: another process may have resumed the search after ours ended
            mirror.sync(live=live or None)
            failures = 0
            if not live:
                return True
        except SpecError as error:  # no later sync can change this
            log.error("the mirror stops: %s", error)
            return False
        except Exception as error:  # the search must run on, and the next sync may succeed
            failures += 1
            last_failures += not live
            reason = " ".join(str(error).split()) or type(error).__name__
            log.warning("the mirror is behind: %s", reason)
            if last_failures >= LAST_TRIES:
                return False
        backed_off_s = min(every_s * 2 ** min(failures, 10), SLOWEST_S)
        _wait(mirror, parent_pid, backed_off_s if live else every_s)


def write_progress(words: str) -> None:
    """Writes how far the mirror is to its log, where the command that waits for it reads it."""
    sys.stdout.write(f"{PROGRESS}{words}\n")
    sys.stdout.flush()


def _wait(mirror: Mirror, parent_pid: int, seconds: float) -> None:
    """Sleeps, but wakes when the search ends."""
    until = time.monotonic() + seconds
    was_live = _is_live(mirror, parent_pid)
    while (left_s := until - time.monotonic()) > 0:
        time.sleep(min(left_s, 0.25))
        if was_live and not _is_live(mirror, parent_pid):
            return


def _is_live(mirror: Mirror, parent_pid: int) -> bool:
    """Returns whether the process is alive and some process holds the search's lock.

    The system releases the lock of a process that dies.
    """
    try:
        os.kill(parent_pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return mirror.entry.folder.holder() is not None
