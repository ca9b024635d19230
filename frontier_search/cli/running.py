"""Runs a search or a sweep with a live view and a mirror, for the commands that train."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from frontier_search import runner
from frontier_search.errors import SearchError
from frontier_search.executors import Where
from frontier_search.executors.dispatcher import Observer
from frontier_search.frontier.membership import members
from frontier_search.mirror.process import MirrorProcess
from frontier_search.reports import tables
from frontier_search.reports.live import LiveView, SweepView
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.storage.sweep_catalog import SweepEntry
from frontier_search.training.kernels.library import library


def run_search(entry: Entry, executor: str, where: Where, mirror: bool) -> None:
    """Runs the rest of a search and prints the frontier.

    Raises:
        SearchError: the search stopped. The sentence says how to resume.
    """
    library()  # warns here where there is none, because what workers say is not shown
    mirror_process = MirrorProcess(entry) if mirror else None
    with _says_how_to_resume(entry.folder.resume_command):
        with LiveView(entry.search, entry.folder.resume_command) as view:
            observers = [view.observe, *([mirror_process.observe] if mirror_process else [])]
            runner.conduct(entry, executor, where, observers)
        if mirror_process:
            mirror_process.finish()
    objectives = entry.search.objective_table()
    click.echo(
        tables.frontier_table(members(catalog.read_trials(entry), objectives), objectives, "val")
    )
    name, home = entry.search.name, entry.folder.home_option
    click.echo(
        f"frontier-search frontier {name}{home} --plot frontier.png    # the picture", err=True
    )
    if mirror_process:
        uri = entry.locations.tracking_uri
        click.echo(
            f"frontier-search ui {name}{home}    # the frontier, in MLflow's pages ({uri})",
            err=True,
        )


def run_sweep(entry: SweepEntry, executor: str, where: Where, mirror: bool) -> None:
    """Runs the rest of a sweep.

    Raises:
        SearchError: a search stopped. The sentence says how to resume.
    """
    library()
    with SweepView(entry.sweep, entry.folder.resume_command) as view:

        @contextmanager
        def observe(search: Entry) -> Iterator[Sequence[Observer]]:
            mirror_process = MirrorProcess(search) if mirror else None
            yield [view.observe, *([mirror_process.observe] if mirror_process else [])]
            if mirror_process:
                mirror_process.finish()

        with _says_how_to_resume(entry.folder.resume_command):
            runner.sweep(entry, executor, where, observe)
    name, home = entry.sweep.name, entry.folder.home_option
    click.echo(
        f"frontier-search report {name}{home}    # the frontiers, their owners, the claims",
        err=True,
    )


@contextmanager
def _says_how_to_resume(command: str) -> Iterator[None]:
    """Adds the command that resumes to a SearchError raised inside."""
    try:
        yield
    except SearchError as error:
        raise SearchError(
            f"{error}\neverything finished is kept. Resume with:\n    {command}"
        ) from error
