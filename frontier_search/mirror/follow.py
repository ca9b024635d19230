"""A mirror that follows a live search from a process of its own: MLflow may refuse, hang or answer 500, and the search does not notice."""

from __future__ import annotations

import logging
import os
import time

from frontier_search.errors import SpecError
from frontier_search.mirror.mirror import Mirror

EVERY_S = 2.0
SLOWEST_S = 30.0  # between two tries while MLflow is down
LAST_TRIES = (
    2  # once the search has ended; `frontier-search sync` can complete the mirror at any later time
)

log = logging.getLogger(__name__)


def follow(mirror: Mirror, parent_pid: int, every_s: float = EVERY_S) -> bool:
    """Brings MLflow up to date again and again until the search has ended, or its process is gone, and then once more.

    It never raises: what goes wrong is one line of the log, and the next turn tries again.

    Args:
        parent_pid: the process that runs the search.

    Returns:
        whether MLflow has everything.
    """
    failures, last_failures = 0, 0
    while True:
        live = _is_live(mirror, parent_pid)
        try:
            mirror.sync(
                live=live or None
            )  # once our search has ended, another process may have resumed it
            failures = 0
            if not live:
                return True
        except SpecError as error:  # no later turn can change this
            log.error("the mirror stops: %s", error)
            return False
        except (
            Exception
        ) as error:  # whatever it is, the search must not notice and the next turn may succeed
            failures += 1
            last_failures += not live
            log.warning(
                "the mirror is behind: %s", " ".join(str(error).split()) or type(error).__name__
            )
            if last_failures >= LAST_TRIES:
                return False
        _wait(
            mirror,
            parent_pid,
            min(every_s * 2 ** min(failures, 10), SLOWEST_S) if live else every_s,
        )


def _wait(mirror: Mirror, parent_pid: int, seconds: float) -> None:
    """Sleeps, but not past the end of the search."""
    until = time.monotonic() + seconds
    was_live = _is_live(mirror, parent_pid)
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.25))
        if was_live and not _is_live(mirror, parent_pid):
            return


def _is_live(mirror: Mirror, parent_pid: int) -> bool:
    """Whether that process lives and the search is held: the system lets go of a search whose process has died."""
    try:
        os.kill(parent_pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return mirror.entry.folder.holder() is not None
