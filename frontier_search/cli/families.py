"""frontier-search families: list the families of models."""

from __future__ import annotations

import click

from frontier_search.cli.options import FORMAT


@click.command("families", short_help="List the families of models.")
@FORMAT
def command(form: str) -> None:
    """List the families of models, with the parameters that each can vary.

    A search that names no family searches the default ones. The compiled kernel trains some
    families, torch all others (and all families where there is no kernel).
    """
    from frontier_search.models.families import FAMILIES, PUBLISHED
    from frontier_search.models.program import COMPILED
    from frontier_search.reports.rows import render

    spaces = {name: f.default_space((1e-3, 1e-2)) for name, f in FAMILIES.items()}
    rows = [
        {
            "family": f.name,
            "default": "yes" if f.name in PUBLISHED else "no",
            "summary": f.summary,
            "trained_by": (
                "kernel" if f.build(spaces[f.name].smallest()).network in COMPILED else "torch"
            ),
            "parameters": " ".join(spaces[f.name].names()),
            "source": f.source,
        }
        for f in FAMILIES.values()
    ]
    click.echo(render(rows, form))
