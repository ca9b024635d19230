"""The table of commands, and how errors become exit codes.

0 done · 1 the search failed · 2 a mistake in what the user asked · 130 interrupted and resumable
"""

from __future__ import annotations

import difflib
import importlib
import logging
import os
import shlex
import sys
from pathlib import Path

import click

from frontier_search import __version__, machine
from frontier_search.errors import SearchError, SpecError

COMMANDS = {  # name -> what it does. The file of a command loads when it is used: --help is quick
    "run": "Search a dataset for its frontier.",
    "sweep": "Run many searches as one resumable whole.",
    "resume": "Continue a search or a sweep after any interruption.",
    "status": "How far searches are.",
    "frontier": "Show, plot or export the frontier.",
    "predict": "Predict the rows of a file.",
    "trials": "List every trial.",
    "report": "Write a page with frontiers, their owners, and claims.",
    "export": "Write members of a frontier as C, ONNX, torch or Python.",
    "verify": "Check an exported model again.",
    "ui": "Open the search's page, and MLflow's pages.",
    "sync": "Rebuild or complete the MLflow mirror.",
    "data": "Show how a table of your own is understood.",
    "count": "Count a model's parameters without training it.",
    "families": "List the families of models.",
    "datasets": "List the datasets.",
    "objectives": "List the objectives.",
    "samplers": "List the samplers.",
    "cluster": "Check, start and end a cluster.",
    "submit": "Search on a cluster.",
    "attach": "Follow a search on a cluster.",
    "logs": "What a search on a cluster has printed.",
    "stop": "Stop a search on a cluster, resumable.",
    "list": "List the searches of a cluster.",
    "fetch": "Bring a search from a cluster.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            if Path(cmd_name).is_file():
                raise SpecError(
                    f"{cmd_name!r} is a file, and a command is needed first; search its rows with"
                    f" `frontier-search run --dataset {shlex.quote(cmd_name)}`, or run a search"
                    f" file with `frontier-search run {shlex.quote(cmd_name)}`."
                )
            close = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(
                f"no such command {cmd_name!r}.{hint} Allowed: {', '.join(COMMANDS)}."
            )
        command: click.Command = importlib.import_module(f"frontier_search.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return click.Group.invoke(self, ctx)
        except BrokenPipeError:  # the reader of a pipe, such as head, closed it: no failure
            _discard_output()
            return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _discard_output() -> None:
    """Discards what cannot be written, or Python would try it again when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, prog_name="frontier-search")
def group() -> None:
    """Find the smallest model that is good enough.

    A search finds the frontier between validation loss and learned parameters.
    """


def main() -> None:
    """The console script."""
    machine.spare_collector()
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    # it warns of a home directory without room for its cache, and works without one
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        machine.require_posix()
        machine.spare_loopback(os.environ)
        # a number when the command asked for an exit code, else None
        code = group.main(prog_name="frontier-search", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except SpecError as error:
        for problem in error.problems:
            click.echo(f"frontier-search: {problem}", err=True)
        sys.exit(2)
    except SearchError as error:
        click.echo(f"frontier-search: {error}", err=True)
        sys.exit(1)
    except OSError as error:  # a full disk behind a redirection, for example
        if error.filename is None:
            _discard_output()
        click.echo(
            f"frontier-search: cannot read or write {error.filename or 'the output'}:"
            f" {error.strerror or error}.",
            err=True,
        )
        sys.exit(2 if isinstance(error, PermissionError) else 1)
    else:
        sys.exit(code)
