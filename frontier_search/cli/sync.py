"""frontier-search sync: rebuild or complete the MLflow mirror."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import HOME


@click.command("sync", short_help="Rebuild or complete the MLflow mirror.")
@click.argument("name")
@HOME
@click.option(
    "--follow",
    is_flag=True,
    hidden=True,
    help="Follow the live searches that the standard input names, until they have ended.",
)
@click.pass_context
def command(context: click.Context, name: str, home: Path, follow: bool) -> None:
    """Bring MLflow up to date with search or sweep NAME, from the storage only.

    Running it again changes nothing.
    """
    from frontier_search.mirror import mirror
    from frontier_search.mirror.follow import follow_standard_input, write_progress
    from frontier_search.storage import (  # optuna and mlflow load here, not for --help
        catalog,
        sweep_catalog,
    )

    if follow:

        def find(search: str) -> mirror.Mirror:
            prefix = "" if search == name else f"{search}, "
            return mirror.Mirror(
                catalog.find(search, home), lambda words: write_progress(f"{prefix}{words}")
            )

        context.exit(0 if follow_standard_input(find) else 1)
    for entry in sweep_catalog.find_searches(name, home):
        n_changed = mirror.Mirror(entry).sync()
        click.echo(
            f"{entry.search.name}: {n_changed} runs created or changed in"
            f" {entry.locations.shown_tracking_uri}",
            err=True,
        )
