"""What ``sweep`` and ``resume`` share: one progress view over all searches, a mirror beside each, and the closing words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from frontier_search import runner
from frontier_search.errors import SearchError
from frontier_search.executors import Where
from frontier_search.executors.dispatcher import Observer
from frontier_search.mirror.process import MirrorProcess
from frontier_search.reports.live import SweepView
from frontier_search.storage.catalog import Entry, SweepEntry


def conduct(entry: SweepEntry, executor: str, where: Where, mirror: bool) -> None:
    """Runs what is left of a sweep.

    Raises:
        SearchError: a search stopped; the sentence says how to go on.
    """
    with SweepView(entry.sweep, entry.folder.resume_command) as view:

        @contextmanager
        def observe(search: Entry) -> Iterator[Sequence[Observer]]:
            beside = MirrorProcess(search) if mirror else None
            yield [view.observe, *([beside.observe] if beside else [])]
            if beside:
                beside.finish()

        try:
            runner.sweep(entry, executor, where, observe)
        except SearchError as error:
            raise SearchError(f"{error}\neverything finished is kept. Go on with:\n    {entry.folder.resume_command}") from error
    home = entry.folder.home_option
    click.echo(f"frontier-search report {entry.sweep.name}{home}    # the frontiers, their owners, the claims", err=True)
