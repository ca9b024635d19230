"""Running a search and resuming it: the library under the commands ``run`` and ``resume``."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from frontier_search import library
from frontier_search.executors import EXECUTORS, Where
from frontier_search.executors.handover import Handover, Observer
from frontier_search.frontier import Frontier
from frontier_search.library import DEFAULT_HOME, Entry
from frontier_search.search import Search
from frontier_search.session import Session


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
        SpecError: another process runs it.
        SearchError: it stopped before its end.
    """
    with entry.folder.lock():
        session = Session(entry.search, entry.open_storage(writable=True))
        for observer in observers:
            observer(session)
        EXECUTORS[executor](Handover(session, entry.folder, observers), where or Where())
        return Frontier.of(session.trials, session.objectives)


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, the first Ctrl-C or SIGTERM raises KeyboardInterrupt, and the second ends the process at once, as safely as SIGKILL does."""
    received = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal received
        received += 1
        if received > 1:
            os._exit(130)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if not received:  # once interrupted, a second Ctrl-C must still end the process
            for number, handler in before.items():
                signal.signal(number, handler)
