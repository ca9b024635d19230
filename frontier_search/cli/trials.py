"""frontier-search trials: list every trial."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import FORMAT, HOME


@click.command("trials", short_help="List every trial.")
@click.argument("name")
@HOME
@FORMAT
def command(name: str, home: Path, form: str) -> None:
    """List every trial of search NAME, by number; works while the search is live."""
    from frontier_search import library  # optuna loads here, not for --help
    from frontier_search.reports import tables

    click.echo(tables.trials(library.read_trials(library.find(name, home)), form))
