"""frontier-search status: how far searches are."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import FORMAT, HOME
from frontier_search.errors import SearchError, SpecError
from frontier_search.storage.names import known_names


@click.command("status", short_help="How far searches are.")
@click.argument("name", required=False)
@HOME
@FORMAT
def command(name: str | None, home: Path, form: str) -> None:
    """Show how far search NAME is, each search of sweep NAME, or every search under the home."""
    from frontier_search.reports.progress import progress
    from frontier_search.reports.rows import render
    from frontier_search.storage import catalog, sweep_catalog  # optuna loads here, not for --help

    if name:
        click.echo(
            render([progress(entry) for entry in sweep_catalog.find_searches(name, home)], form)
        )
        return
    rows, problems = [], []
    for each in known_names(home):
        try:
            rows.append(progress(catalog.find(each, home)))
        except (SpecError, SearchError) as error:  # must not hide the searches that can be read
            problems.append(f"{each}: {error}")
    click.echo(render(rows, form))
    if problems:
        raise SearchError("\n".join(problems))
