"""Running a search or a sweep, and resuming it: the library under the commands ``run``, ``sweep`` and ``resume``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path

from frontier_search.errors import SearchError
from frontier_search.executors import EXECUTORS, Execute, Where
from frontier_search.executors.dispatcher import Dispatcher, Observer
from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.settling import further
from frontier_search.search.search import Search
from frontier_search.search.sweep import origin
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry, SweepEntry
from frontier_search.storage.folder import DEFAULT_HOME
from frontier_search.storage.storage import raising_search_error

Observe = Callable[[Entry], AbstractContextManager[Sequence[Observer]]]


def run(
    search: Search,
    home: Path = DEFAULT_HOME,
    executor: str = "ray_tune",
    where: Where | None = None,
    observers: Sequence[Observer] = (),
) -> Frontier:
    """Defines a search and runs it to its end.

    Raises:
        SpecError: the name exists, or the home cannot be written.
        SearchError: the search stopped; ``resume`` goes on from what is stored.
    """
    return conduct(catalog.define(search, home), executor, where, observers)


def resume(
    name: str,
    home: Path = DEFAULT_HOME,
    executor: str = "ray_tune",
    where: Where | None = None,
    observers: Sequence[Observer] = (),
) -> Frontier:
    """Goes on with a search, from the storage alone: nothing that was told is lost, nothing is trained twice."""
    return conduct(catalog.find(name, home), executor, where, observers)


def conduct(
    entry: Entry, executor: str, where: Where | None, observers: Sequence[Observer]
) -> Frontier:
    """Runs what is left of a search, under its lock, and returns the frontier.

    Raises:
        SpecError: another process runs it, the dataset's file has changed or cannot be had, or outcomes cannot be exchanged where it says.
        SearchError: it stopped before its end.
    """
    with _workers(executor, where, entry.folder.resume_command) as workers:
        return _conduct(entry, workers, observers)


def sweep(entry: SweepEntry, executor: str, where: Where | None, observe: Observe) -> None:
    """Runs what is left of a sweep, search by search, on workers that are started once; then gives more seeds to what decides its claims.

    Args:
        observe: given a search that is about to run, its observers; the block ends when the search does.

    Raises:
        SpecError: another process runs it, or one of its searches.
        SearchError: a search stopped before its end.
    """
    with entry.folder.lock(), _workers(executor, where, entry.folder.resume_command) as workers:
        batch, look = [search for _, search in entry.sweep.searches], 1
        while batch:
            for search in batch:
                defined = catalog.find_or_define(search, entry.folder.home, entry.locations)
                with observe(defined) as observers:
                    _conduct(defined, workers, observers)
            if not entry.sweep.until_settled:
                return
            searched = {
                label: [(each.search, catalog.read_trials(each)) for each in group]
                for label, group in entry.entries().items()
            }
            earlier = {
                label: [pair for pair in group if origin(pair[0].name)[1] < look]
                for label, group in searched.items()
            }
            batch, look = further(entry.sweep.table(), earlier, look), look + 1


@contextmanager
def _workers(executor: str, where: Where | None, resume: str) -> Iterator[Callable[[], Execute]]:
    """What trains cohorts, started when the first search needs it: a search that has ended needs none."""
    ready = EXECUTORS[executor](where or Where(), resume)
    with ExitStack() as stack:
        yield functools.cache(lambda: stack.enter_context(ready))


def _conduct(
    entry: Entry, workers: Callable[[], Execute], observers: Sequence[Observer]
) -> Frontier:
    entry.search.obtain_dataset()
    with (
        raising_search_error(entry.locations.storage),
        entry.folder.lock(),
        closing(entry.open_storage(writable=True)) as storage,
        storage.held(entry.search.name),
    ):
        session = Session(entry.search, storage)
        files = entry.files
        files.archive.claim(entry.search)
        dispatcher = Dispatcher(session, files, observers)
        if (
            session.finished
        ):  # it is shown, and must not stop one that goes on elsewhere, with more trials
            dispatcher.observe()
        else:
            files.owner.take_over()
            try:
                workers()(dispatcher)
            except (OSError, SearchError):
                files.owner.require_ours()  # where another session removed what this one wrote, that is why
                raise
            session.note_elapsed()
        session.raise_if_hopeless()
        return session.frontier
