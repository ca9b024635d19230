"""The lock of a search: at most one process writes to it at a time."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from frontier_search.errors import SpecError

LOCK_TRIES, LOCK_WAIT_S = 5, 0.05


@contextmanager
def hold(path: Path, name: str) -> Iterator[None]:
    """Holds a search for this process by a lock on a file, which is made when it is missing.

    The system frees the lock when the process ends, however it ends.

    Raises:
        SpecError: another process holds it, named by pid and host.
    """
    with path.open("a+") as file:
        try:
            _lock_exclusively(file)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            file.seek(0)
            raise already_running(name, described(file.read())) from error
        file.truncate(0)
        file.write(json.dumps(signature()))
        file.flush()
        yield


def already_running(name: str, holder: str) -> SpecError:
    """Returns the error for a search that another process holds."""
    return SpecError(f"search {name!r} is already running in {holder}; wait for it or stop it.")


def _lock_exclusively(file: TextIO) -> None:
    """Locks a file, or raises OSError. Tries again a few times, because a reader that asks for the
    ``holder`` takes a shared lock for a moment."""
    for _ in range(LOCK_TRIES - 1):
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_WAIT_S)
    return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def signature() -> dict[str, object]:
    """Returns what a process writes into a lock file to say who it is."""
    return {"pid": os.getpid(), "host": socket.gethostname()}


def described(text: str | bytes) -> str:
    """Returns the words for the process that wrote a signature."""
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} on {holder['host']}"
    except (ValueError, KeyError):
        return "another process"
