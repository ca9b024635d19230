"""frontier-search sweep: run many searches as one resumable whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from frontier_search.cli.interruption import Interruptible
from frontier_search.cli.options import (
    HOME,
    locating,
    number_or_text,
    once,
    training,
    typed,
    where_of,
)
from frontier_search.storage.folder import SweepFolder


@click.command("sweep", short_help="Run many searches as one resumable whole.")
@click.argument("sweep_file", metavar="SWEEP.yaml", type=click.Path(path_type=Path))
@once("--name", help="The sweep's name.  [default: the file's]")
@once(
    "--seeds",
    type=number_or_text,
    metavar="N|SEED,SEED",
    help="Seeds on which every candidate is trained: how many, or which, e.g. 101,202,303.",
)
@click.option(
    "--until-settled",
    is_flag=True,
    help="Then train more seeds, of the candidates that decide an open claim.",
)
@HOME
@locating
@training
@click.option("--dry-run", is_flag=True, help="Check every search, say how much it is, and stop.")
def command(
    sweep_file: Path,
    name: str | None,
    seeds: int | str | None,
    until_settled: bool,
    home: Path,
    storage: str | None,
    outcomes: str | None,
    tracking_uri: str | None,
    no_mirror: bool,
    executor: str,
    dry_run: bool,
    **flags: Any,
) -> None:
    """Run the searches of SWEEP.yaml one after another.

    The same command, or `resume NAME`, continues after any interruption.
    """
    with Interruptible() as ending:
        from frontier_search.search.sweep import Sweep
        from frontier_search.storage import sweep_catalog  # optuna loads here, not for --help
        from frontier_search.storage.locations import Locations

        where = where_of(executor, flags)
        locations = Locations.of(home, storage, tracking_uri, outcomes)
        sweep = Sweep.from_yaml(sweep_file, name, seeds, until_settled)
        ending.folder = SweepFolder(home, sweep.name)
        if dry_run:
            for _, search in sweep.searches:
                click.echo(
                    f"{search.name}: {search.trials} candidates x {len(search.seeds)} seeds,"
                    f" {search.epochs} epochs on {search.dataset}"
                )
            return
        from frontier_search.cli import running  # what runs searches loads when they run

        entry = sweep_catalog.define(sweep, home, locations, typed())
        running.run_sweep(entry, executor, where, mirror=not no_mirror)
