"""What ``run`` and ``resume`` share: the live view, the mirror beside the search, and the closing words."""

from __future__ import annotations

import click

from frontier_search import runner
from frontier_search.errors import SearchError
from frontier_search.executors import Where
from frontier_search.frontier.membership import members
from frontier_search.mirror.process import MirrorProcess
from frontier_search.reports import tables
from frontier_search.reports.live import LiveView
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry


def conduct(entry: Entry, executor: str, where: Where, mirror: bool) -> None:
    """Runs what is left of a search and prints the frontier.

    Raises:
        SearchError: the search stopped; the sentence says how to go on.
    """
    name, resume = entry.search.name, entry.folder.resume_command
    mirror_process = MirrorProcess(entry) if mirror else None
    try:
        with LiveView(entry.search, resume) as view:
            observers = [view.observe, *([mirror_process.observe] if mirror_process else [])]
            runner.conduct(entry, executor, where, observers)
        if mirror_process:
            mirror_process.finish()
    except SearchError as error:
        raise SearchError(f"{error}\neverything finished is kept. Go on with:\n    {resume}") from error
    objectives = entry.search.objective_table()
    click.echo(tables.frontier_table(members(catalog.read_trials(entry), objectives), objectives, "val"))
    home = entry.folder.home_option
    click.echo(f"frontier-search frontier {name}{home} --plot frontier.png    # the picture", err=True)
    if mirror_process:
        click.echo(f"frontier-search ui {name}{home}    # the frontier, in MLflow's pages ({entry.place.tracking_uri})", err=True)
