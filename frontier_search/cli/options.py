"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from frontier_search.errors import SpecError
from frontier_search.storage.folder import DEFAULT_HOME


def seeds_of(text: str) -> int | str:
    """Returns how many seeds, or the text that lists them, which the search checks."""
    try:
        return int(text)
    except ValueError:
        return text


HOME = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_HOME,
    envvar="FRONTIER_SEARCH_HOME",
    show_default=True,
    help="Folder that holds one folder a search.",
)
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
)
GPUS = click.option(
    "--gpus-per-cohort",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Share of a GPU that a cohort takes; 0: CPUs.",
)
CLUSTER = click.option(
    "--cluster",
    required=True,
    metavar="FILE",
    help="A cluster file, or http://127.0.0.1:PORT where a tunnel of yours ends.",
)
PLACE = (  # where a new search keeps things: the attributes of ``Locations``
    click.option(
        "--storage",
        metavar="URL",
        help="journal, sqlite:///PATH or postgresql+psycopg://...  [default: journal]",
    ),
    click.option(
        "--outcomes",
        metavar="PATH|s3://...",
        envvar="FRONTIER_SEARCH_OUTCOMES",
        help="Where workers leave outcomes, and copies stay that outlive this machine.  [default: HOME]",
    ),
    click.option(
        "--tracking-uri",
        metavar="URI",
        help="Where MLflow keeps the mirror.  [default: HOME/mlflow.db]",
    ),
)
TRAINING = (  # what trains cohorts this time: the executor and the attributes of ``executors.Where``; and what watches
    click.option(
        "--no-mirror", is_flag=True, help="Leave MLflow alone; `sync` can mirror it later."
    ),
    click.option(
        "--address",
        metavar="auto|HOST:PORT",
        help="A running Ray cluster, instead of starting Ray on this machine.",
    ),
    click.option(
        "--executor",
        type=click.Choice(["ray_tune", "inline"]),
        default="ray_tune",
        show_default=True,
        help="inline: one process, no Ray.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Worker processes at a time.  [default: one a CPU]",
    ),
    GPUS,
)
Command = Callable[..., Any]
GPU_COHORT = (
    64  # candidates, unless the search says otherwise: a GPU wants larger stacks than a processor
)
QUESTION = (
    click.argument(
        "search_file", required=False, metavar="[SEARCH.yaml]", type=click.Path(path_type=Path)
    ),
    click.option(
        "--dataset", metavar="NAME|FILE", help="A dataset's name, or a .csv or .npz file."
    ),
    click.option(
        "--objectives", metavar="A,B", help="What to minimise at once.  [default: loss,params]"
    ),
    click.option(
        "--families", metavar="A,B", help="Families of models.  [default: the published ones]"
    ),
    click.option("--trials", type=int, help="Candidates to evaluate.  [default: 100]"),
    click.option(
        "--time-budget", metavar="10m", help="Ask for no more candidates after this long."
    ),
    click.option(
        "--seeds",
        type=seeds_of,
        metavar="N|SEED,SEED",
        help="Seeds on which every candidate is trained: how many, or which, e.g. 101,202,303."
        "  [default: 5]",
    ),
    click.option("--epochs", type=int, help="Epochs of each model.  [default: the dataset's]"),
    click.option("--batch-size", type=int, help="Rows a minibatch.  [default: the dataset's]"),
    click.option(
        "--select",
        metavar="best|last",
        help="Which epoch is reported: the best on validation, or the last.  [default: best]",
    ),
    click.option("--sampler", metavar="NAME", help="How candidates are proposed.  [default: tpe]"),
    click.option(
        "--families-budget",
        metavar="balanced|free",
        help="An equal share for every family, or the sampler's choice.  [default: balanced]",
    ),
    click.option(
        "--require",
        multiple=True,
        metavar='"params<=1000"',
        help="A bound on a known objective; may be repeated.",
    ),
    click.option("--name", help="The search's name.  [default: DATASET-1, DATASET-2, ...]"),
    click.option(
        "--cohort", type=int, help="Candidates proposed and trained together.  [default: 16]"
    ),
    click.option("--in-flight", type=int, help="Cohorts in training at a time.  [default: 3]"),
    click.option("--seed", type=int, help="The sampler's seed.  [default: 0]"),
)


def question(command: Command) -> Command:
    """What a command that asks a question takes: SEARCH.yaml, and a flag for every setting of it."""
    return _with(QUESTION, command)


def place(command: Command) -> Command:
    """What a command that defines something takes."""
    return _with(PLACE, command)


def training(command: Command) -> Command:
    """What a command that trains takes."""
    return _with(TRAINING, command)


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def typed() -> set[str]:
    """The options that stand on the command line: neither defaults nor variables of the environment."""
    context = click.get_current_context()
    return {
        name
        for name in context.params
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def spec_of(search_file: Path | None, flags: Mapping[str, Any]) -> dict[str, Any]:
    """The question of a file and flags, flags first, not yet checked."""
    from frontier_search.search.reading import KEYS  # optuna loads here, not for --help
    from frontier_search.spec import read_yaml

    spec = read_yaml(search_file) if search_file else {}
    if "searches" in spec:
        raise SpecError(
            f"{search_file} holds many searches; run them with `frontier-search sweep {search_file}`."
        )
    spec |= {key: value for key, value in flags.items() if key in KEYS and value not in (None, ())}
    if flags["gpus_per_cohort"] and "cohort" not in spec:
        spec["cohort"] = GPU_COHORT
    return spec
