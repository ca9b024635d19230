"""frontier-search verify: check an exported model again."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.errors import SearchError


@click.command("verify", short_help="Check an exported model again.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Check the certificate of an exported model in DIR: execute and compare again.

    Needs neither the search nor its dataset.
    """
    from frontier_search import exporter
    from frontier_search.export import certificate
    from frontier_search.reports import certificates

    problems = exporter.verify(folder)
    if problems:
        raise SearchError("\n".join(problems))
    click.echo(certificates.table([certificate.read(folder)]))
    click.echo("everything is as the certificate says.", err=True)
