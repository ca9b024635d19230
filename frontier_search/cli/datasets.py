"""frontier-search datasets: list the datasets."""

from __future__ import annotations

import click

from frontier_search.cli.options import FORMAT


@click.command("datasets", short_help="List the datasets.")
@FORMAT
def command(form: str) -> None:
    """List the datasets, with their default training. A table of your own can be searched too."""
    from frontier_search.data.datasets import DATASETS
    from frontier_search.reports.rows import render

    rows = [
        {
            "dataset": d.name,
            "task": d.task,
            "inputs": d.n_features,
            "outputs": d.n_outputs,
            "epochs": d.budget.epochs,
            "batch_size": d.budget.batch_size,
            "loss_unit": d.unit,
            "source": d.source,
            "licence": d.licence or "generated",
        }
        for d in DATASETS.values()
    ]
    click.echo(render(rows, form))
