"""frontier-search status: how far searches are."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import FORMAT, HOME


@click.command("status", short_help="How far searches are.")
@click.argument("name", required=False)
@HOME
@FORMAT
def command(name: str | None, home: Path, form: str) -> None:
    """How far search NAME is, or each search of sweep NAME, or every search under the home."""
    from frontier_search import library  # optuna loads here, not for --help
    from frontier_search.reports.listing import render
    from frontier_search.reports.progress import progress

    entries = library.find_all(name, home) if name else [library.find(each, home) for each in library.known_names(home)]
    click.echo(render([progress(entry) for entry in entries], form))
