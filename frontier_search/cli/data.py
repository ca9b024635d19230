"""frontier-search data: what a table of your own holds, as it is understood."""

from __future__ import annotations

import json
from typing import Any

import click

from frontier_search.cli.options import once, said_of_table, table_options
from frontier_search.cli.waiting import saying


@click.command("data", short_help="Show how a table of your own is understood.")
@click.argument("file")
@said_of_table
@once("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(file: str, form: str, **flags: Any) -> None:
    """Show how FILE is read, what is predicted and why, what its columns are, and what is wrong.

    Nothing is trained. The flags are those of `run`.
    """
    from frontier_search.data.reference import understood
    from frontier_search.reports.rows import render
    from frontier_search.table import description, review

    with saying(f"reading {file}"):
        table = understood(file, table_options(flags))
    with saying(f"looking for what may be wrong in {table.n_rows:,} rows"):
        review.refuse_if_strict(table)
        review.findings(table)
        scores = description.constant(table)
    if form == "json":
        click.echo(json.dumps(description.to_json(table) | {"constant": scores}, indent=2))
        return
    click.echo("\n".join(description.lines(table)) + "\n")
    click.echo(render(description.column_rows(table), "table"))
    said = ", ".join(f"{name} {value:.4g}" for name, value in scores.items() if value is not None)
    click.echo(f"\nsplit: {description.way(table)}")
    click.echo(f"constant prediction: {said}; a model is worth what it gains on it")
    for each in review.findings(table):
        click.echo(f"warning, {each.kind}: {each}")
