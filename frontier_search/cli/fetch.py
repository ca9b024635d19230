"""frontier-search fetch: bring a search from a cluster."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import CLUSTER, HOME


@click.command("fetch", short_help="Bring a search from a cluster.")
@click.argument("name")
@CLUSTER
@HOME
def command(name: str, cluster: str, home: Path) -> None:
    """Bring the folder of search NAME from the head.

    Every reading command works here then, and `sync NAME` makes its MLflow pages. Models that are
    kept elsewhere (--outcomes) stay there.
    """
    from frontier_search.cluster import launcher
    from frontier_search.cluster.file import ClusterFile

    launcher.fetch(ClusterFile.read(Path(cluster)), name, home)
    click.echo(f"frontier-search frontier {name} --home {home}", err=True)
