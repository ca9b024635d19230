"""frontier-search objectives: list the objectives."""

from __future__ import annotations

import click

from frontier_search.cli.options import FORMAT


@click.command("objectives", short_help="List the objectives.")
@FORMAT
def command(form: str) -> None:
    """List the objectives.

    One that is known before training depends only on the candidate. --require can bound it.
    """
    from frontier_search.objective import OBJECTIVES
    from frontier_search.reports.rows import render

    rows = [
        {
            "objective": o.name,
            "unit": o.unit,
            "direction": o.direction,
            "known": "before training" if o.known else "measured",
            "description": o.description,
        }
        for o in OBJECTIVES.values()
    ]
    click.echo(render(rows, form))
