"""frontier-search resume: continue a search or a sweep after any interruption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from frontier_search.cli.interruption import Interruptible
from frontier_search.cli.options import CONFIRM, HOME, once, training, where_of
from frontier_search.storage.folder import SearchFolder, SweepFolder


@click.command("resume", short_help="Continue a search or a sweep after any interruption.")
@click.argument("name")
@HOME
@once("--trials", type=click.IntRange(min=1), help="A larger budget than the search began with.")
@CONFIRM
@training
def command(
    name: str,
    home: Path,
    trials: int | None,
    confirm: int | None,
    no_mirror: bool,
    executor: str,
    **flags: Any,
) -> None:
    """Continue search or sweep NAME after any interruption.

    Finished trials are kept. Those that were running are trained again, under the same numbers.
    """
    folder = SweepFolder(home, name)
    with Interruptible(folder if folder.exists() else SearchFolder(home, name)) as ending:
        # what runs a search loads when one runs, and optuna not for --help
        from frontier_search.cli import running
        from frontier_search.storage import catalog, sweep_catalog

        where = where_of(executor, flags)
        sweep = sweep_catalog.find(name, home)
        if sweep is not None:
            if trials is not None:
                raise click.UsageError(
                    "--trials is for a single search; a sweep's budget is in its file."
                )
            running.run_sweep(sweep, executor, where, mirror=not no_mirror)
            return
        entry = catalog.find(name, home)
        if trials is not None:
            entry = catalog.extend(entry, trials)
        with running.mirrored(entry, not no_mirror) as mirror:
            running.run_search(entry, executor, where, mirror, ending)
            if confirm is not None:
                running.confirm(entry, confirm, executor, where, mirror, ending)
