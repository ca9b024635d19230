"""frontier-search samplers: list the samplers."""

from __future__ import annotations

import click

from frontier_search.cli.options import FORMAT


@click.command("samplers", short_help="List the samplers.")
@FORMAT
def command(form: str) -> None:
    """List the samplers, with when to use each and what it does in the first trials."""
    from frontier_search.reports.rows import render
    from frontier_search.sampling.samplers import SAMPLERS

    click.echo(
        render(
            [
                {"sampler": s.name, "summary": s.summary, "start": s.start, "source": s.source}
                for s in SAMPLERS.values()
            ],
            form,
        )
    )
