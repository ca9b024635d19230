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
    type=int,
    metavar="PID",
    hidden=True,
    help="Follow the live search of this process until it ends.",
)
@click.pass_context
def command(context: click.Context, name: str, home: Path, follow: int | None) -> None:
    """Bring MLflow up to date with search or sweep NAME, from the storage only.

    Running it again changes nothing.
    """
    from frontier_search.mirror import mirror
    from frontier_search.mirror.follow import follow as follow_process
    from frontier_search.mirror.follow import write_progress
    from frontier_search.storage import (  # optuna and mlflow load here, not for --help
        catalog,
        sweep_catalog,
    )

    if follow is not None:
        followed = mirror.Mirror(catalog.find(name, home), write_progress)
        context.exit(0 if follow_process(followed, follow) else 1)
    for entry in sweep_catalog.find_searches(name, home):
        n_changed = mirror.Mirror(entry).sync()
        click.echo(
            f"{entry.search.name}: {n_changed} runs created or changed in"
            f" {entry.locations.tracking_uri}",
            err=True,
        )
