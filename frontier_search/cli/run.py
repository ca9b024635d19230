"""frontier-search run: search a dataset for its frontier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from frontier_search.cli.options import ADDRESS, EXECUTOR, HOME, WORKERS
from frontier_search.folder import SearchFolder
from frontier_search.interruption import Interruptible


@click.command("run", short_help="Search a dataset for its frontier.")
@click.argument("search_file", required=False, metavar="[SEARCH.yaml]", type=click.Path(path_type=Path))
@click.option("--dataset", metavar="NAME|FILE", help="A dataset's name, or a .csv or .npz file.")
@click.option("--objectives", metavar="A,B", help="What to minimise at once.  [default: loss,params]")
@click.option("--families", metavar="A,B", help="Families of models.  [default: the published ones]")
@click.option("--trials", type=int, help="Candidates to evaluate.  [default: 100]")
@click.option("--time-budget", metavar="10m", help="Ask for no more candidates after this long.")
@click.option("--seeds", type=int, help="Seeds on which every candidate is trained.  [default: 5]")
@click.option("--epochs", type=int, help="Epochs of each model.  [default: the dataset's]")
@click.option("--batch-size", type=int, help="Rows a minibatch.  [default: the dataset's]")
@click.option("--select", metavar="best|last", help="Which epoch is reported: the best on validation, or the last.  [default: best]")
@click.option("--sampler", metavar="NAME", help="How candidates are proposed.  [default: tpe]")
@click.option(
    "--families-budget", metavar="balanced|free", help="An equal share for every family, or the sampler's choice.  [default: balanced]"
)
@click.option("--require", multiple=True, metavar='"params<=1000"', help="A bound on a known objective; may be repeated.")
@click.option("--name", help="The search's name.  [default: DATASET-1, DATASET-2, ...]")
@HOME
@click.option("--storage", metavar="URL", help="journal, sqlite:///PATH or postgresql+psycopg://...  [default: journal]")
@click.option("--tracking-uri", metavar="URI", help="Where MLflow keeps the mirror.  [default: HOME/mlflow.db]")
@click.option("--no-mirror", is_flag=True, help="Leave MLflow alone; `sync` can mirror the search later.")
@ADDRESS
@click.option("--cohort", type=int, help="Candidates proposed and trained together.  [default: 16]")
@click.option("--in-flight", type=int, help="Cohorts in training at a time.  [default: 3]")
@click.option("--seed", type=int, help="The sampler's seed.  [default: 0]")
@EXECUTOR
@WORKERS
@click.option("--dry-run", is_flag=True, help="Show the whole search, check it, and stop.")
def command(search_file: Path | None, home: Path, dry_run: bool, **flags: Any) -> None:
    """Search a dataset for the frontier between its objectives.

    The question comes from SEARCH.yaml, from flags, or from both: flags override the file. Every setting that is left out has a default,
    and `--dry-run` shows them all.
    """
    with Interruptible() as ending:
        from frontier_search import library  # optuna loads here, not for --help
        from frontier_search.search import KEYS, Search

        spec = Search.from_yaml(search_file) if search_file else {}
        spec |= {key: value for key, value in flags.items() if key in KEYS and value not in (None, ())}
        if not spec.get("name"):
            spec["name"] = library.free_name(home, str(spec.get("dataset", "search")))
        search = Search.from_spec(spec)
        ending.folder = SearchFolder(home, search.name)
        if dry_run:
            click.echo(f"# fingerprint {search.fingerprint()}; {search.trials} candidates x {len(search.seeds)} seeds")
            click.echo(search.to_yaml(), nl=False)
            return
        from frontier_search.cli import conducting  # what runs a search loads when one runs

        entry = library.define(search, home, flags["storage"], flags["tracking_uri"])
        conducting.conduct(entry, flags["executor"], flags["workers"], flags["address"], mirror=not flags["no_mirror"])
