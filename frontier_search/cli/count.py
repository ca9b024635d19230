"""frontier-search count: a model's size in closed form, without training it."""

from __future__ import annotations

import json
from typing import Any

import click

from frontier_search.cli.options import once, said_of_table, table_options


@click.command("count", short_help="Count a model's parameters without training it.")
@click.argument("family")
@once(
    "--dataset",
    required=True,
    metavar="NAME|FILE",
    help="Decides how many inputs and outputs the model has.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A hyperparameter, e.g. hidden=16; may be repeated.",
)
@said_of_table
@once("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(family: str, dataset: str, settings: tuple[str, ...], form: str, **flags: Any) -> None:
    """Count the parameters, flops and bytes of one model of FAMILY.

    A hyperparameter that is left out has the least value of the family's default space. Those that
    change the count are named.
    """
    from frontier_search.reports.rows import render
    from frontier_search.search.counting import describe

    described = describe(family, dataset, settings, table_options(flags))
    size = described.size()
    click.echo(json.dumps(size) if form == "json" else render([size], form))
    taken = described.assumed()
    if taken:
        words = ", ".join(f"{name} = {value}" for name, value in taken.items())
        click.echo(f"counted with {words}; --set gives another value.", err=True)
