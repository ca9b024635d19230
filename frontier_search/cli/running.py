"""Runs a search or a sweep with a live view and a mirror, for the commands that train."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import click

from frontier_search import runner
from frontier_search.cli.interruption import Interruptible
from frontier_search.errors import SearchError
from frontier_search.executors import Where, process_ray
from frontier_search.executors.dispatcher import Observer
from frontier_search.frontier.confirmation import confirmation
from frontier_search.frontier.membership import members
from frontier_search.frontier.races import Races
from frontier_search.mirror.process import MirrorProcess
from frontier_search.reports import tables
from frontier_search.reports.live import LiveView
from frontier_search.reports.live_mirror import MirrorView
from frontier_search.reports.live_sweep import SweepView
from frontier_search.reports.rows import wrapped
from frontier_search.session import Session
from frontier_search.storage import catalog, references
from frontier_search.storage.catalog import Entry
from frontier_search.storage.sweep_catalog import SweepEntry
from frontier_search.training.kernels.library import library
from frontier_search.trial import Trial


@contextmanager
def mirrored(
    entry: Entry | SweepEntry, wanted: bool, what: str = "search"
) -> Iterator[MirrorProcess | None]:
    """Yields the process that mirrors searches, or None; waits for it after the block.

    An interruption meanwhile loses nothing.

    Args:
        entry: whose folder has its log.
        what: that is over after the block, a search or a sweep.
    """
    process = MirrorProcess(entry.folder) if wanted else None
    yield process
    if process:
        with MirrorView(what) as waiting:
            process.finish(waiting.show)


def run_search(
    entry: Entry,
    executor: str,
    where: Where,
    mirror: MirrorProcess | None,
    ending: Interruptible,
    is_new: bool = False,
) -> None:
    """Runs the rest of a search. Prints the frontier as soon as its last cohort is recorded.

    Args:
        mirror: is told of the search.
        ending: is told that the search is over, for its last words.
        is_new: the search is removed again if it is refused before it has a trial.

    Raises:
        SearchError: the search stopped. The sentence says how to resume.
    """
    library()  # warns here where there is none, because what workers say is not shown
    warm = [f"warmed by {each}" for each in entry.search.warm_start]
    for note in filter(None, [entry.changed_code(), *entry.search.notes(), *warm]):
        click.echo(note, err=True)
    with _says_how_to_resume(entry):
        with LiveView(entry.search, entry.folder.resume_command) as view:
            answer = _Answer(entry, view, ending, mirror is not None)
            observers = [mirror.observe] if mirror else []
            observers += [view.observe, answer.observe]
            with catalog.forgotten_if_refused(entry) if is_new else nullcontext():
                runner.conduct(entry, executor, where, observers)
        if mirror:
            mirror.end(entry.search.name)
        process_ray.begin_to_end()  # meanwhile the mirror is completed
        answer.give(catalog.read_trials(entry))


def confirm(
    entry: Entry,
    n_seeds: int,
    executor: str,
    where: Where,
    mirror: MirrorProcess | None,
    ending: Interruptible,
) -> None:
    """Trains the members of a search that has ended, and their rivals, on fresh seeds.

    The process that mirrors the first search follows this one too, and is not waited for before.

    Raises:
        SpecError: there is no member, or the number of seeds is not allowed.
        SearchError: as ``run_search``.
    """
    asked = confirmation(entry.search, catalog.read_trials(entry), n_seeds)
    again = catalog.find_or_define(asked, entry.folder.home, entry.locations)
    click.echo(
        f"{len(asked.candidates)} candidates decide the frontier; search {asked.name} trains them "
        f"on {n_seeds} fresh seeds.",
        err=True,
    )
    ending.folder, ending.words_once_over = again.folder, None
    run_search(again, executor, where, mirror, ending)


class _Answer:
    """Prints the frontier once: when the last cohort is recorded, before Ray and the mirror end.

    Args:
        view: of the search. It stops first, because it redraws the terminal.
        ending: is told that the search is over, for its last words.
        mirrored: whether there is a mirror to wait for.
    """

    def __init__(self, entry: Entry, view: LiveView, ending: Interruptible, mirrored: bool) -> None:
        self.entry, self.view, self.ending, self.mirrored = entry, view, ending, mirrored
        self._given = False

    def observe(self, session: Session) -> None:
        """Gives the answer if every trial that was asked for has ended; observes the session.

        A session that ends early, by its time budget, is answered when it is closed.
        """
        if session.complete and session.frontier.members:
            self.give(session.trials)

    def give(self, trials: Sequence[Trial]) -> None:
        """Prints the frontier, and the commands that show it, unless it was printed before."""
        if self._given:
            return
        self._given = True
        self.view.stop()
        name, home = self.entry.search.name, self.entry.folder.home_option
        for failure in tables.failures(trials):
            click.echo(failure, err=True)
        objectives = self.entry.search.objective_table()
        kept = references.measured(self.entry.search, self.entry.folder) if trials else ()
        click.echo(tables.frontier_table(members(trials, objectives), objectives, "val", kept))
        sys.stdout.flush()
        commands = [f"frontier-search frontier {name}{home} --plot frontier.png    # the picture"]
        words = "interrupted; the search was over, and nothing is lost."
        if self.mirrored:
            uri = self.entry.locations.shown_tracking_uri
            pages = f"frontier-search ui {name}{home}    # its page, and MLflow's ({uri})"
            commands.append(pages)
            words += (
                " The mirror completes by itself; if it does not, either completes it:\n"
                f"    frontier-search ui {name}{home}\n    frontier-search sync {name}{home}"
            )
        audits = Races(self.entry.search).audits(trials, len(trials))
        if audits.n:
            click.echo(wrapped(str(audits)), err=True)
        self.ending.words_once_over = words
        click.echo("\n".join(commands), err=True)


def run_sweep(entry: SweepEntry, executor: str, where: Where, mirror: bool) -> None:
    """Runs the rest of a sweep.

    Raises:
        SearchError: a search stopped. The sentence says how to resume.
    """
    library()
    with (
        mirrored(entry, mirror, "sweep") as process,
        SweepView(entry.sweep, entry.folder.resume_command) as view,
    ):

        @contextmanager
        def observe(search: Entry) -> Iterator[Sequence[Observer]]:
            yield [view.observe, *([process.observe] if process else [])]
            if process:
                process.end(search.search.name)

        with _says_how_to_resume(entry):
            runner.sweep(entry, executor, where, observe)
    name, home = entry.sweep.name, entry.folder.home_option
    click.echo(
        f"frontier-search report {name}{home}    # the frontiers, their owners, the claims",
        err=True,
    )


@contextmanager
def _says_how_to_resume(entry: Entry | SweepEntry) -> Iterator[None]:
    """Adds the command that resumes to a SearchError raised inside, unless nothing was begun."""
    try:
        yield
    except SearchError as error:
        if not entry.folder.exists():
            raise
        raise SearchError(
            f"{error}\neverything finished is kept. Resume with:\n    {entry.folder.resume_command}"
        ) from error
