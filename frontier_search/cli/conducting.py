"""What ``run`` and ``resume`` share: the live view, the mirror beside the search, interruption, and the closing words."""

from __future__ import annotations

import os
import sys

import click

from frontier_search import launch
from frontier_search.executors import Where
from frontier_search.library import Entry
from frontier_search.reports.mirror_process import MirrorProcess
from frontier_search.reports import tables
from frontier_search.reports.live import LiveView


def conduct(entry: Entry, executor: str, workers: int | None, address: str | None, mirror: bool) -> None:
    """Runs what is left of a search and prints the frontier; exits with 130, saying how to resume, when it is interrupted."""
    name = entry.search.name
    mirror_process = MirrorProcess(entry) if mirror else None
    try:
        with launch.interruptible(), LiveView(entry.search) as view:
            observers = [view.observe, *([mirror_process.observe] if mirror_process else [])]
            frontier = launch.conduct(entry, executor, Where(workers, address), observers)
    except KeyboardInterrupt:
        click.echo(f"interrupted; everything finished is kept. Go on with:\n    frontier-search resume {name} --home {entry.folder.home}", err=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)  # ray's own exit handlers may wait for minutes; the storage needs none of them
    if mirror_process:
        mirror_process.finish()
    click.echo(tables.frontier_table(frontier, "val"))
    home = "" if str(entry.folder.home) == "frontier-runs" else f" --home {entry.folder.home}"
    click.echo(f"frontier-search frontier {name}{home} --plot frontier.png    # the picture", err=True)
    if mirror_process:
        click.echo(f"frontier-search ui {name}{home}    # the frontier, in MLflow's pages ({entry.place.tracking_uri})", err=True)
