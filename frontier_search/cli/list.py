"""frontier-search list: the searches of a cluster."""

from __future__ import annotations

import click

from frontier_search.cli.options import CLUSTER, FORMAT


@click.command("list", short_help="List the searches of a cluster.")
@CLUSTER
@FORMAT
def command(cluster: str, form: str) -> None:
    """List every session of every search that was submitted to a cluster."""
    from frontier_search.cluster.jobs import Jobs
    from frontier_search.reports.rows import render

    with Jobs.of(cluster) as jobs:
        click.echo(render(jobs.rows(), form))
