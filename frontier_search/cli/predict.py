"""frontier-search predict: predict the rows of a file with a member of a frontier."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import BEST, HOME, TRIAL


@click.command("predict", short_help="Predict the rows of a file.")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@HOME
@TRIAL
@BEST
@click.option("--probabilities", is_flag=True, help="A column for each class: its probability.")
def command(
    name: str, file: Path, home: Path, trial: int | None, best: tuple[str, ...], probabilities: bool
) -> None:
    """Predict the rows of FILE with a member of the frontier of search NAME, as CSV.

    It is the member with the smallest validation loss, unless another one is named.

    FILE is a table as the one that was searched: columns in any order, with or without the target.
    Predictions are in a column named as the target, in the order of the rows.
    """
    from frontier_search.errors import SpecError
    from frontier_search.frontier.frontier import Frontier
    from frontier_search.predictor import Predictor
    from frontier_search.storage import catalog
    from frontier_search.table import reading

    if trial is not None and best:
        raise SpecError("--trial and --best both choose a member; leave one of them out.")
    entry = catalog.find(name, home)
    frontier = Frontier.of(catalog.read_trials(entry), entry.search.objective_table())
    member = frontier.member(trial) if trial is not None else frontier.lowest(*best)
    predictor = Predictor.of(entry, member)
    table = reading.read(file, entry.search.table)
    if table.written.notes:  # such as rows that are skipped, which the predictions lack too
        click.echo(f"read: {table.written.describe()}", err=True)
    rows = table.frame
    found = predictor.probabilities(rows) if probabilities else predictor.predict(rows)
    click.echo(found.to_csv(index=False), nl=False)
