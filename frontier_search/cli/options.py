"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from frontier_search.errors import SpecError
from frontier_search.executors import EXECUTORS, Where
from frontier_search.storage.folder import DEFAULT_HOME
from frontier_search.training import torch_compile

if TYPE_CHECKING:
    from frontier_search.table.options import TableOptions

Command = Callable[..., Any]
Option = Callable[[Command], Command]


class Once(click.Option):
    """An option that may be given once. Of two values click itself takes the last, silently."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        self.multiple = True  # the parser then keeps every value
        click.Option.add_to_parser(self, parser, ctx)
        self.multiple = False

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> Any:
        """Returns the value and where it comes from.

        Raises:
            SpecError: the option is given more than once.
        """
        assert self.name is not None  # click makes it of the declarations
        values = opts.get(self.name, [])
        if len(values) > 1:
            given = ", ".join(map(repr, values))
            raise SpecError(f"{self.opts[0]} is given {len(values)} times ({given}); give it once.")
        return click.Option.consume_value(self, ctx, {self.name: values[0]} if values else {})


def once(*declarations: str, **settings: Any) -> Option:
    """Declares an option that may be given once."""
    return click.option(*declarations, cls=Once, **settings)


def number_or_text(text: str) -> int | str:
    """Returns a whole number, or the text, which the search checks."""
    try:
        return int(text)
    except ValueError:
        return text


CONFIRM = once(
    "--confirm",
    type=int,
    metavar="N",
    help="Then train the members and their nearest rivals on N fresh seeds, as another search.",
)
TRIAL = once("--trial", type=int, metavar="N", help="This member.")
BEST = click.option(
    "--best",
    multiple=True,
    metavar='"params<=1000"',
    help="The member with the smallest validation loss within a bound; may be repeated.",
)
HOME = once(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_HOME,
    envvar="FRONTIER_SEARCH_HOME",
    show_default=True,
    help="Folder that holds one folder for each search.",
)
FORMAT = once(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
)
GPUS = once(
    "--gpus-per-cohort",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Share of a GPU that a cohort takes; 0: CPUs.",
)
CPUS = once(
    "--cpus-per-cohort",
    type=click.IntRange(min=1),
    help="CPUs that a cohort takes, as threads of its worker.  [default: 1 with --workers, on a"
    " cluster, or where torch trains; else all]",
)
NO_MIRROR = click.option(
    "--no-mirror", is_flag=True, help="Write nothing to MLflow; `sync` can do it later."
)
TORCH_COMPILE = click.option(
    "--torch-compile",
    is_flag=True,
    help="Compile what torch trains: quicker minibatches, most of all on a GPU, after a wait of up"
    " to a minute for each shape.",
)
CLUSTER = once(
    "--cluster",
    required=True,
    metavar="FILE",
    help="A cluster file, or http://127.0.0.1:PORT where a tunnel of yours ends.",
)
LOCATIONS = (  # where a new search keeps things: the attributes of ``Locations``
    once(
        "--storage",
        metavar="URL",
        help="journal, sqlite:///PATH or postgresql+psycopg://...  [default: journal]",
    ),
    once(
        "--outcomes",
        metavar="PATH|s3://...",
        envvar="FRONTIER_SEARCH_OUTCOMES",
        help="Where workers write outcomes; copies there outlive this machine.  [default: HOME]",
    ),
    once(
        "--tracking-uri",
        metavar="URI",
        help="Where MLflow keeps the mirror.  [default: HOME/mlflow.db]",
    ),
)
TRAINING = (  # what trains cohorts: the executor and the attributes of ``Where``; and the mirror
    NO_MIRROR,
    once(
        "--address",
        metavar="auto|HOST:PORT",
        help="A running Ray cluster, instead of starting Ray on this machine.",
    ),
    once(
        "--executor",
        type=click.Choice(list(EXECUTORS)),
        default="ray_tune",
        show_default=True,
        help="inline: one process, no Ray.",
    ),
    once(
        "--workers",
        type=click.IntRange(min=1),
        help="Worker processes at a time.  [default: as many as the CPUs are enough for]",
    ),
    CPUS,
    GPUS,
    TORCH_COMPILE,
)
ONE_PROCESS = "inline"  # the executor that takes neither workers nor a cluster
GPU_COHORT = 64  # candidates, by default: a GPU needs larger stacks than a CPU to be busy
QUESTION = (
    click.argument(
        "search_file", required=False, metavar="[SEARCH.yaml]", type=click.Path(path_type=Path)
    ),
    once(
        "--dataset",
        metavar="NAME|FILE",
        help="A dataset's name, or a table: rows.csv, rows.xlsx, ...",
    ),
    once("--objectives", metavar="A,B", help="What to minimise at once.  [default: loss,params]"),
    once("--families", metavar="A,B", help="Families of models.  [default: the published ones]"),
    once("--trials", type=int, help="Candidates to evaluate.  [default: 100]"),
    once(
        "--until",
        metavar="settled",
        help="End when two cohorts running were unlikely (20 %) to add 0.5 % of the hypervolume.",
    ),
    once("--time-budget", metavar="10m", help="Propose no more candidates after this long."),
    once(
        "--seeds",
        type=number_or_text,
        metavar="N|SEED,SEED",
        help="Seeds on which every candidate is trained: how many, or which, e.g. 101,202,303."
        "  [default: 5]",
    ),
    once("--epochs", type=int, help="Epochs of each model.  [default: the dataset's]"),
    once(
        "--budgets",
        metavar="N,N",
        help="Report every model after these epochs too, e.g. 15,30,60,120: the last is trained.",
    ),
    once(
        "--batch-size",
        type=number_or_text,
        metavar="N|auto",
        help="Rows a minibatch; auto follows the number of rows.  [default: the dataset's]",
    ),
    once(
        "--select",
        metavar="best|last",
        help="Which epoch is reported: the best on validation, or the last.  [default: best]",
    ),
    once("--sampler", metavar="NAME", help="How candidates are proposed.  [default: known_size]"),
    once(
        "--race",
        metavar="MARGIN|none",
        help="Stop a trial whose log10 loss lies so far above the front of its epoch."
        "  [default: 0.3]",
    ),
    once(
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
    once(
        "--device",
        metavar="CORE",
        help="Count flash, ram and instructions on this core, e.g. cortex-m0plus.",
    ),
    once(
        "--numbers",
        metavar="A,B",
        help="Formats that a candidate chooses from: float32, int8, int16.  [default: float32]",
    ),
    click.option(
        "--warm-start",
        multiple=True,
        metavar="NAME|DATASET",
        help="Learn from the outcomes of an earlier search, or of all on a data set; may be"
        " repeated.",
    ),
    once("--name", help="The search's name.  [default: DATASET-1, DATASET-2, ...]"),
    once("--cohort", type=int, help="Candidates proposed and trained together.  [default: 8]"),
    once("--in-flight", type=int, help="Cohorts in training at a time.  [default: 2]"),
    once("--seed", type=int, help="The sampler's seed.  [default: 0]"),
)


OF_TABLE = (  # the attributes of ``TableOptions``
    once("--target", metavar="NAME", help="What to predict; several with commas: a regression."),
    once("--task", metavar="TASK", help="regression, binary or multiclass.  [default: found]"),
    click.option("--drop", multiple=True, metavar="COLUMN", help="Leave a column out."),
    click.option(
        "--keep", multiple=True, metavar="COLUMN", help="Use a column that would be left out."
    ),
    once("--group", metavar="COLUMN", help="Keep rows of equal value in one part of a split."),
    once(
        "--time",
        metavar="COLUMN|row-order",
        help="Train on the past, test on the future, by this column.",
    ),
    once(
        "--sequence",
        metavar="COLUMN",
        help="Rows are steps: make a row of each sequence, in the order of --time.",
    ),
    once("--window", type=int, metavar="STEPS", help="Forecast one series from so many steps."),
    once("--ahead", type=int, metavar="STEPS", help="From a window to its target.  [default: 1]"),
    once("--split", metavar="COLUMN", help="The column that says train, validation or test."),
    once(
        "--test-file",
        metavar="FILE",
        help="Test rows, of a split that exists; validation rows come from the others.",
    ),
    once("--val-file", metavar="FILE", help="Validation rows, beside --test-file."),
    once("--weight", metavar="COLUMN", help="The weight of each row."),
    once("--class-weight", metavar="balanced", help="Let every class weigh the same."),
    once("--rare", metavar="drop|merge", help="What becomes of classes with fewer than 3 rows."),
    click.option(
        "--missing",
        multiple=True,
        metavar="[COLUMN=]TEXT",
        help="A text that stands for a missing value, e.g. age=-999; may be repeated.",
    ),
    click.option("--strict", is_flag=True, default=None, help="Refuse what is warned of."),
    once("--separator", metavar="SIGN", help="Between cells: , ; | tab or space.  [found]"),
    once("--decimal", metavar="SIGN", help="Before fractions: . or ,  [found]"),
    once("--thousands", metavar="SIGN", help="Between thousands.  [found]"),
    once("--encoding", metavar="NAME", help="Of a text file, e.g. latin-1.  [found]"),
    once("--comment", metavar="SIGN", help="What begins a line to skip.  [default: # % //]"),
    once("--header", metavar="yes|no", help="Whether the first row has names.  [found]"),
    once("--sheet", metavar="NAME", help="Of an Excel workbook.  [default: the first]"),
)


def question(command: Command) -> Command:
    """Adds SEARCH.yaml, and a flag for each of its settings."""
    return _with((*QUESTION, *OF_TABLE), command)


def said_of_table(command: Command) -> Command:
    """Adds the flags that say something of a table; ``table_options`` reads them."""
    return _with(OF_TABLE, command)


def table_options(flags: Mapping[str, Any]) -> TableOptions:
    """Returns what the flags say of a table.

    Raises:
        SpecError: every mistake, each a sentence.
    """
    from frontier_search.table import options  # numpy loads here, not for --help

    return options.of({key: value for key, value in flags.items() if value not in (None, ())})


def locating(command: Command) -> Command:
    """Adds the flags that say where a new search keeps things."""
    return _with(LOCATIONS, command)


def training(command: Command) -> Command:
    """Adds the flags that say what trains cohorts; ``where_of`` reads them."""
    return _with(TRAINING, command)


def _with(options: Sequence[Option], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def where_of(executor: str, flags: Mapping[str, Any]) -> Where:
    """Returns where cohorts are trained.

    Raises:
        SpecError: a flag has no effect on this executor, or there is no compiler for one.
    """
    unused = [f"--{name}" for name in ("workers", "address") if flags[name] is not None]
    if executor == ONE_PROCESS and unused:
        raise SpecError(
            f"{' and '.join(unused)}: --executor {executor} trains in one process of this machine;"
            f" leave out {' and '.join(unused)}, or --executor {executor}."
        )
    where = Where(
        flags["workers"],
        flags["address"],
        flags["gpus_per_cohort"],
        cpus_per_cohort=flags["cpus_per_cohort"],
        torch_compile=flags["torch_compile"],
    )
    if where.torch_compile and where.address is None and where.device == "cpu":
        torch_compile.require(where.device)  # a worker asks too, but would be started first
    return where


def typed() -> set[str]:
    """Returns the options that are on the command line itself, not in the environment."""
    context = click.get_current_context()
    return {
        name
        for name in context.params
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def spec_of(search_file: Path | None, flags: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of a file and of flags, not yet checked. Flags override the file."""
    from frontier_search.search.reading import KEYS  # optuna loads here, not for --help
    from frontier_search.spec import read_yaml

    spec = read_yaml(search_file) if search_file else {}
    if "searches" in spec:
        raise SpecError(
            f"{search_file} holds many searches; run them with"
            f" `frontier-search sweep {search_file}`."
        )
    spec |= {key: value for key, value in flags.items() if key in KEYS and value not in (None, ())}
    if flags["gpus_per_cohort"] and "cohort" not in spec:
        spec["cohort"] = GPU_COHORT
    return spec
