"""frontier-search run: search a dataset for its frontier."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from frontier_search.cli.interruption import Interruptible
from frontier_search.cli.options import (
    CONFIRM,
    HOME,
    locating,
    question,
    spec_of,
    training,
    typed,
    where_of,
)
from frontier_search.cli.waiting import saying
from frontier_search.storage.folder import SearchFolder
from frontier_search.storage.names import free_name

if TYPE_CHECKING:
    from frontier_search.search.search import Search


def show_table(search: Search) -> None:
    """Says how a table of the user's is understood, and what may be wrong with it."""
    from frontier_search.table import description, review

    reference = search.dataset_reference
    if reference.kind.understand is None or search.table.rules == 1:
        return
    table = reference.kind.understand(reference.given, search.table)
    with saying(f"looking for what may be wrong in {table.n_rows:,} rows"):
        warnings = [f"warning, {each.kind}: {each}" for each in review.findings(table)]
    click.echo("\n".join([*description.lines(table), *warnings]), err=True)


@click.command("run", short_help="Search a dataset for its frontier.")
@question
@HOME
@locating
@training
@click.option("--resume", is_flag=True, help="Continue the search of this --name, if there is one.")
@CONFIRM
@click.option("--dry-run", is_flag=True, help="Show the whole search, check it, and stop.")
def command(
    search_file: Path | None, home: Path, dry_run: bool, resume: bool, **flags: Any
) -> None:
    """Search a dataset for the frontier between its objectives.

    The settings come from SEARCH.yaml, from flags, or from both. Flags override the file. Every
    setting that is left out has a default, and `--dry-run` shows them all.
    """
    with Interruptible() as ending:
        from frontier_search.search.search import Search
        from frontier_search.storage import catalog  # optuna loads here, not for --help
        from frontier_search.storage.locations import Locations

        where = where_of(flags["executor"], flags)
        locations = Locations.of(home, flags["storage"], flags["tracking_uri"], flags["outcomes"])
        spec = spec_of(search_file, flags)
        if not spec.get("name"):
            spec["name"] = free_name(home, str(spec.get("dataset", "search")))
        rows = str(spec.get("dataset", ""))
        with saying(f"reading {rows}") if Path(rows).is_file() else nullcontext():
            search = Search.from_spec(spec)
        ending.folder = SearchFolder(home, search.name)
        if dry_run:
            click.echo(
                f"# fingerprint {search.fingerprint()};"
                f" {search.trials} candidates x {len(search.seeds)} seeds"
            )
            click.echo(search.to_yaml(), nl=False)
            return
        show_table(search)
        from frontier_search.cli import running  # what runs a search loads when one runs

        is_new = not ending.folder.exists()
        entry = (
            catalog.find_or_define(search, home, locations, typed())
            if resume
            else catalog.define(search, home, locations)
        )
        executor, n_seeds = flags["executor"], flags["confirm"]
        with running.mirrored(entry, not flags["no_mirror"]) as mirror:
            running.run_search(entry, executor, where, mirror, ending, is_new)
            if n_seeds is not None:
                running.confirm(entry, n_seeds, executor, where, mirror, ending)
