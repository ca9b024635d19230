"""Running a search and resuming it: the library under the commands ``run`` and ``resume``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType

from frontier_search import library
from frontier_search.executors import EXECUTORS, Where
from frontier_search.executors.handover import Handover, Observer
from frontier_search.frontier import Frontier
from frontier_search.library import DEFAULT_HOME, Entry
from frontier_search.search import Search
from frontier_search.session import Session
from frontier_search.storage import answering

GRACE_S = 8.0  # for an interrupted search to stop by itself
INTERRUPTED = 130  # the exit code


def run(
    search: Search, home: Path = DEFAULT_HOME, executor: str = "ray_tune", where: Where | None = None, observers: Sequence[Observer] = ()
) -> Frontier:
    """Defines a search and runs it to its end.

    Raises:
        SpecError: the name exists, or the home cannot be written.
        SearchError: the search stopped; ``resume`` goes on from what is stored.
    """
    return conduct(library.define(search, home), executor, where, observers)


def resume(
    name: str, home: Path = DEFAULT_HOME, executor: str = "ray_tune", where: Where | None = None, observers: Sequence[Observer] = ()
) -> Frontier:
    """Goes on with a search, from the storage alone: nothing that was told is lost, nothing is trained twice."""
    return conduct(library.find(name, home), executor, where, observers)


def conduct(entry: Entry, executor: str, where: Where | None, observers: Sequence[Observer]) -> Frontier:
    """Runs what is left of a search, under its lock, and returns the frontier.

    Raises:
        SpecError: another process runs it, or the dataset's file has changed or cannot be had.
        SearchError: it stopped before its end.
    """
    entry.search.obtain_dataset()
    with (
        answering(entry.place.storage),
        entry.folder.lock(),
        closing(entry.open_storage(writable=True)) as storage,
        storage.held(entry.search.name),
    ):
        session = Session(entry.search, storage)
        EXECUTORS[executor](Handover(session, entry.folder, observers), where or Where())
        session.note_elapsed()
        session.raise_if_hopeless()
        return session.frontier


@contextmanager
def interruptible(last_words: str) -> Iterator[None]:
    """Inside, the first Ctrl-C or SIGTERM raises KeyboardInterrupt, and the second ends the process at once, as safely as SIGKILL does.

    Args:
        last_words: said when the process must be ended because it does not stop by itself, such as Ray when it waits for its dead parts.
    """
    received = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal received
        received += 1
        if received > 1:
            os._exit(INTERRUPTED)
        impatient = threading.Timer(GRACE_S, end)
        impatient.daemon = True
        impatient.start()
        raise KeyboardInterrupt

    def end() -> None:
        sys.stderr.write(f"{last_words}\n")
        sys.stderr.flush()
        os._exit(INTERRUPTED)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if not received:  # once interrupted, a second Ctrl-C must still end the process
            for number, handler in before.items():
                signal.signal(number, handler)
