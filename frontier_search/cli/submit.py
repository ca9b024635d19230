"""frontier-search submit: search on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from frontier_search.cli.options import (
    CLUSTER,
    CPUS,
    GPUS,
    NO_MIRROR,
    TORCH_COMPILE,
    once,
    question,
    spec_of,
)
from frontier_search.errors import SpecError
from frontier_search.storage.names import first_free_name

# flags of `run` that are not settings of the search
PASSED_ON = ("storage", "outcomes", "tracking_uri", "gpus_per_cohort", "cpus_per_cohort")
SWITCHES = ("torch_compile", "no_mirror")  # those without a value


@click.command("submit", short_help="Search on a cluster.")
@question
@CLUSTER
@NO_MIRROR
@CPUS
@GPUS
@TORCH_COMPILE
@once("--storage", metavar="URL", help="A URL that the head node can reach.  [default: journal]")
@once(
    "--outcomes",
    metavar="PATH|s3://...",
    help="A location that all nodes reach.  [default: the cluster's FRONTIER_SEARCH_OUTCOMES]",
)
@once(
    "--tracking-uri",
    metavar="URI",
    help="A URI that the head node can reach.  [default: HOME/mlflow.db there]",
)
@click.option("--detach", is_flag=True, help="Do not follow it.")
def command(search_file: Path | None, cluster: str, detach: bool, **flags: Any) -> None:
    """Search on a cluster, as `run` does on this machine, and follow the progress.

    Ctrl-C detaches, and the search continues. Submitting the --name of a search that was
    interrupted continues that search. Where its mirror was left out, submitting it again without
    --no-mirror completes it.
    """
    from frontier_search.cli.attach import follow
    from frontier_search.cluster.jobs import Jobs
    from frontier_search.search.search import Search

    outcomes = flags["outcomes"]
    if outcomes and not outcomes.startswith(("/", "s3://")):
        raise SpecError(
            f"--outcomes {outcomes}: the nodes do not see this folder; give an absolute path that"
            " they see, or s3://BUCKET/PATH."
        )
    spec = spec_of(search_file, flags)
    try:
        with Jobs.of(cluster) as jobs:
            if not spec.get("name"):
                spec["name"] = first_free_name(
                    {row["search"] for row in jobs.rows()}, str(spec.get("dataset", "search"))
                )
            search = Search.from_spec(spec)
            passed = [
                word
                for key in PASSED_ON
                if flags[key]
                for word in (f"--{key.replace('_', '-')}", str(flags[key]))
            ]
            passed += [f"--{key.replace('_', '-')}" for key in SWITCHES if flags[key]]
            submission_id = jobs.submit(search, passed)
            click.echo(
                f"submitted {search.name}; follow it with: frontier-search attach {search.name}"
                f" --cluster {cluster}",
                err=True,
            )
            if not detach:
                follow(jobs, search.name, submission_id, cluster)
    except KeyboardInterrupt:  # before the search is followed, where Ctrl-C detaches
        click.echo(
            f"interrupted; see whether it was submitted: frontier-search list --cluster {cluster}",
            err=True,
        )
        raise
