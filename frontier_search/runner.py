"""Runs and resumes searches and sweeps, under the commands ``run``, ``sweep`` and ``resume``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

from frontier_search import machine, predictor
from frontier_search.errors import SearchError, SpecError, unknown
from frontier_search.executors import EXECUTORS, Execute, Where
from frontier_search.executors.dispatcher import Dispatcher, Observer
from frontier_search.exporter import Model
from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.settling import further
from frontier_search.search.search import Search
from frontier_search.search.sweep import origin
from frontier_search.session import Session
from frontier_search.storage import catalog, references
from frontier_search.storage.catalog import Entry
from frontier_search.storage.folder import DEFAULT_HOME
from frontier_search.storage.storage import raising_search_error
from frontier_search.storage.sweep_catalog import SweepEntry

Observe = Callable[[Entry], AbstractContextManager[Sequence[Observer]]]


def run(
    search: Search,
    home: Path = DEFAULT_HOME,
    executor: str = "ray_tune",
    where: Where | None = None,
    observers: Sequence[Observer] = (),
) -> Frontier:
    """Defines a search, runs it to its end and returns the frontier.

    Raises:
        SpecError: a search of this name exists, or the home cannot be written.
        SearchError: the search stopped before its end. ``resume`` continues it.
    """
    entry = catalog.define(search, home)
    with catalog.forgotten_if_refused(entry):
        return conduct(entry, executor, where, observers)


def resume(
    name: str,
    home: Path = DEFAULT_HOME,
    executor: str = "ray_tune",
    where: Where | None = None,
    observers: Sequence[Observer] = (),
) -> Frontier:
    """Continues a search from its storage and returns the frontier.

    No recorded trial is lost, and no cohort with an outcome is trained again.

    Raises:
        SpecError: no search has this name, or as ``conduct``.
        SearchError: the search stopped before its end.
    """
    return conduct(catalog.find(name, home), executor, where, observers)


def conduct(
    entry: Entry, executor: str, where: Where | None, observers: Sequence[Observer]
) -> Frontier:
    """Runs the rest of a search, under its lock, and returns the frontier.

    Raises:
        SpecError: another process runs it, the dataset is not available or has changed, or its
            location for outcomes cannot be used.
        SearchError: the search stopped before its end.
    """
    with _workers(executor, where, entry.folder.resume_command) as workers:
        return _run_to_end(entry, workers, observers)


def sweep(entry: SweepEntry, executor: str, where: Where | None, observe: Observe) -> None:
    """Runs the rest of a sweep, one search after another, on workers that are started once.

    With ``until_settled``, further searches then train more seeds of the candidates that decide the
    sweep's claims, round after round, until the claims are settled or no further round is allowed.

    Args:
        observe: given a search that is about to run, its observers. The block ends when the search
            does.

    Raises:
        SpecError: another process runs the sweep or one of its searches, or as ``conduct``.
        SearchError: a search stopped before its end.
    """
    with entry.folder.lock(), _workers(executor, where, entry.folder.resume_command) as workers:
        searches, rounds = [search for _, search in entry.sweep.searches], 0
        while searches:
            for search in searches:
                defined = catalog.find_or_define(search, entry.folder.home, entry.locations)
                with observe(defined) as observers:
                    _run_to_end(defined, workers, observers)
            rounds += 1
            searches = _more_seeds(entry, rounds) if entry.sweep.until_settled else []


def _more_seeds(entry: SweepEntry, rounds: int) -> list[Search]:
    """Returns the searches that train more seeds of the candidates that decide a sweep's claims.

    Args:
        rounds: how many rounds of searches have ended. An earlier process may have begun searches
            of later rounds. They are no evidence yet.
    """
    ended = {
        label: [each for each in group if origin(each.search.name)[1] < rounds]
        for label, group in entry.entries().items()
    }
    searched = {
        label: [(each.search, catalog.read_trials(each)) for each in group]
        for label, group in ended.items()
    }
    return further(entry.sweep.table(), searched, rounds)


@contextmanager
def _workers(executor: str, where: Where | None, resume: str) -> Iterator[Callable[[], Execute]]:
    """Yields a function that starts the workers when it is first called.

    A search that has ended does not call it, nor one that another process runs: an executor loads
    torch, which takes longer than to say so.
    """
    if executor not in EXECUTORS:
        raise SpecError(unknown(EXECUTORS.kind, executor, EXECUTORS))
    with ExitStack() as stack:

        def start() -> Execute:
            return stack.enter_context(EXECUTORS[executor](where or Where(), resume))

        yield functools.cache(start)


def _run_to_end(
    entry: Entry, workers: Callable[[], Execute], observers: Sequence[Observer]
) -> Frontier:
    """Runs the rest of a search, under its lock, and returns the frontier.

    A finished search is only shown. It does not take ownership, because a session elsewhere may be
    running the search with more trials. What reports need beside the trials is kept at the end.
    """
    entry.search.obtain_dataset()
    with (
        raising_search_error(entry.locations.storage),
        machine.one_thread_for_matrices(),
        references.kept_meanwhile(entry.search, entry.folder) as begin,
        entry.folder.lock(),
        closing(entry.open_storage(writable=True)) as storage,
        storage.held(entry.search.name),
    ):
        session, files = Session(entry.search, storage), entry.files
        files.archive.claim(entry.search)
        dispatcher = Dispatcher(session, files, [_after_a_trial(begin), *observers])
        if dispatcher.finished:
            dispatcher.observe()
        else:
            _train(dispatcher, workers)
        session.raise_if_hopeless()
        found = replace(session.frontier, opened=functools.partial(Model, entry))
    with raising_search_error(entry.locations.storage):
        references.keep(entry.search, entry.folder)
        predictor.keep(entry)
    return found


def _after_a_trial(begin: Callable[[], None]) -> Observer:
    """Returns an observer that begins something once a search has a finished trial."""

    def observe(session: Session) -> None:
        if any(trial.state.finished for trial in session.trials):
            begin()

    return observe


def _train(dispatcher: Dispatcher, workers: Callable[[], Execute]) -> None:
    """Trains the rest of a search, as its owner."""
    owner = dispatcher.files.owner
    owner.take_over()
    try:
        workers()(dispatcher)
    except (OSError, SearchError):
        owner.require_ours()  # a new owner may have removed our files, and is then the reason
        raise
    dispatcher.session.note_elapsed()
