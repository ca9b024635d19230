"""frontier-search stop: stop a search on a cluster."""

from __future__ import annotations

import click

from frontier_search.cli.options import CLUSTER


@click.command("stop", short_help="Stop a search on a cluster, resumable.")
@click.argument("name")
@CLUSTER
def command(name: str, cluster: str) -> None:
    """Stop search NAME. Everything finished is kept, and submitting it again continues it."""
    from frontier_search.cluster.jobs import Jobs

    with Jobs.of(cluster) as jobs:
        click.echo(f"{name}: {'stopped' if jobs.stop(name) else 'was not running'}", err=True)
