"""frontier-search logs: what a search on a cluster has printed."""

from __future__ import annotations

import click

from frontier_search.cli.options import CLUSTER


@click.command("logs", short_help="What a search on a cluster has printed.")
@click.argument("name")
@CLUSTER
def command(name: str, cluster: str) -> None:
    """Print what the newest session of search NAME has printed."""
    from frontier_search.cluster.jobs import Jobs

    with Jobs.of(cluster) as jobs:
        click.echo(jobs.logs(name), nl=False)
