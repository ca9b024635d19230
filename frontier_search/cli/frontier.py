"""frontier-search frontier: show, plot or export the frontier."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from frontier_search.cli.options import FORMAT, HOME, once


@click.command("frontier", short_help="Show, plot or export the frontier.")
@click.argument("name")
@HOME
@once(
    "--split",
    type=click.Choice(["val", "test"]),
    default="val",
    show_default=True,
    help="The rows whose losses are shown. Members are always chosen on val.",
)
@click.option(
    "--require",
    multiple=True,
    metavar='"params<=1000"',
    help="Only members that keep this bound; may be repeated.",
)
@FORMAT
@once(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.png|.svg|.pdf|.html",
    help="Draw the frontier into a file.",
)
def command(
    name: str,
    home: Path,
    split: Literal["val", "test"],
    require: tuple[str, ...],
    form: str,
    plot: Path | None,
) -> None:
    """Show the frontier of search NAME: the complete trials that no other one dominates.

    A member's chance predicts whether it stays a member on as many fresh seeds. json and csv also
    hold the intervals of its losses and its optimism: how much worse it is on test rows than on the
    validation rows that chose it.
    """
    from frontier_search.frontier.frontier import Frontier
    from frontier_search.frontier.membership import members
    from frontier_search.reports import figures, tables
    from frontier_search.storage import catalog, references  # optuna loads here, not for --help

    entry = catalog.find(name, home)
    trials = catalog.read_trials(entry)
    # the table is for people; a script finds every reason in `trials --format json`
    failed = tables.failures(trials) if form == "table" else []
    for sentence in filter(None, [entry.changed_code(), *failed]):
        click.echo(sentence, err=True)
    beside = references.read(entry.folder)
    if plot is not None:
        figures.write(entry, trials, split, plot)
        click.echo(f"drawn: {plot}", err=True)
    objectives = entry.search.objective_table()
    kept = Frontier.of(trials, objectives).within(*require).numbers()
    listed = [member for member in members(trials, objectives) if member.trial.number in kept]
    click.echo(tables.frontier(listed, objectives, split, form, beside))
