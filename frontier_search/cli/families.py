"""frontier-search families: list the families of models."""

from __future__ import annotations

import click

from frontier_search.cli.options import FORMAT


@click.command("families", short_help="List the families of models.")
@FORMAT
def command(form: str) -> None:
    """List the families of models, with the parameters that each can vary.

    A search that names no family searches the default ones.
    """
    from frontier_search.models.families import FAMILIES, PUBLISHED
    from frontier_search.reports.rows import render

    rows = [
        {
            "family": f.name,
            "default": "yes" if f.name in PUBLISHED else "no",
            "summary": f.summary,
            "parameters": " ".join(f.default_space((1e-3, 1e-2)).names()),
            "source": f.source,
        }
        for f in FAMILIES.values()
    ]
    click.echo(render(rows, form))
