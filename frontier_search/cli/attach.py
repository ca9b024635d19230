"""frontier-search attach: follow a search on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontier_search.cli.options import CLUSTER
from frontier_search.errors import INTERRUPTED, SearchError

if TYPE_CHECKING:
    from frontier_search.cluster.jobs import Jobs


@click.command("attach", short_help="Follow a search on a cluster.")
@click.argument("name")
@CLUSTER
def command(name: str, cluster: str) -> None:
    """Follow search NAME until it ends. Ctrl-C detaches, and the search continues."""
    from frontier_search.cluster.jobs import Jobs

    with Jobs.of(cluster) as jobs:
        follow(jobs, name, jobs.latest(name)["id"], cluster)


def follow(jobs: Jobs, name: str, submission_id: str, cluster: str) -> None:
    """Shows a session until its end, or until Ctrl-C.

    Raises:
        SearchError: the search failed.
        click.exceptions.Exit: with code 130, when the search was stopped.
    """
    again = f"frontier-search submit --name {name} ... --cluster {cluster}"
    try:
        state = jobs.follow(submission_id, lambda text: click.echo(text, nl=False))
    except KeyboardInterrupt:
        click.echo(
            f"\ndetached; {name} continues. See it with: frontier-search attach {name}"
            f" --cluster {cluster}",
            err=True,
        )
        return
    except SearchError as error:
        raise SearchError(
            f"{error}\nIf the head node still runs, {name} continues: frontier-search attach {name}"
            f" --cluster {cluster}\nIf not, everything finished is kept where its storage is."
            f" Submit it again to continue: {again}"
        ) from error
    if state == "STOPPED":
        click.echo(
            f"{name} was stopped; everything finished is kept."
            f" Submit it again to continue: {again}",
            err=True,
        )
        raise click.exceptions.Exit(INTERRUPTED)
    if state != "SUCCEEDED":
        raise SearchError(
            f"{name} ended as {state}; everything finished is kept."
            f" Submit it again to continue: {again}"
        )
