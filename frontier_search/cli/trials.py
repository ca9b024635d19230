"""frontier-search trials: list every trial."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import FORMAT, HOME


@click.command("trials", short_help="List every trial.")
@click.argument("name")
@HOME
@FORMAT
@click.option(
    "--curves", is_flag=True, help="In JSON and CSV, add the validation loss of every epoch."
)
def command(name: str, home: Path, form: str, curves: bool) -> None:
    """List every trial of search NAME, by number. This works while the search is live."""
    from frontier_search.reports import tables
    from frontier_search.storage import catalog  # optuna loads here, not for --help

    click.echo(tables.trials(catalog.read_trials(catalog.find(name, home)), form, curves))
