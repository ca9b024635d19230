"""frontier-search cluster: checks, starts and ends the machines on which searches run."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group("cluster", short_help="Check, start and end a cluster.")
def command() -> None:
    """Check, start and end the machines on which searches run.

    FILE describes them (see cluster/README.md). A file that would expose anything is refused.
    """


@command.command("init", short_help="Make the cluster's token.")
@FILE
def init(file: Path) -> None:
    """Make the token of the cluster of FILE, unless there is one. Only you may read it."""
    from frontier_search.cluster import token
    from frontier_search.cluster.file import read_yaml, secrets_folder

    path = secrets_folder(str(read_yaml(file)["cluster_name"])) / "auth_token"
    made = token.make(path)
    click.echo(f"{path}: {'made' if made else 'is there already, and is kept'}", err=True)


@command.command("check", short_help="Every mistake of a cluster file.")
@FILE
def check(file: Path) -> None:
    """Check FILE with Ray's own validation and the rules of safety; report every mistake."""
    from frontier_search.cluster.file import ClusterFile

    ClusterFile.read(file)
    click.echo(f"{file}: no mistake found", err=True)


@command.command("up", short_help="Start the cluster.")
@FILE
def up(file: Path) -> None:
    """Check FILE and start its head node. Workers start when cohorts wait for them."""
    from frontier_search.cluster import launcher
    from frontier_search.cluster.file import ClusterFile

    launcher.up(ClusterFile.read(file))


@command.command("down", short_help="End every machine of the cluster.")
@FILE
def down(file: Path) -> None:
    """End every machine of the cluster of FILE."""
    from frontier_search.cluster import launcher
    from frontier_search.cluster.file import ClusterFile

    launcher.down(ClusterFile.read(file))


@command.command("status", short_help="The nodes of the cluster.")
@FILE
def status(file: Path) -> None:
    """Show the nodes of the cluster of FILE, and the demand for more."""
    from frontier_search.cluster import launcher
    from frontier_search.cluster.file import ClusterFile

    launcher.status(ClusterFile.read(file))
