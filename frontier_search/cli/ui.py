"""frontier-search ui: open a search's page, and MLflow's pages behind it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from frontier_search.cli.options import HOME, once
from frontier_search.storage.names import newest_name

if TYPE_CHECKING:
    from frontier_search.reports.page_server import ServedPage
    from frontier_search.storage.catalog import Entry

MLFLOW_ENDS = "MLflow does not open, and the page stays: {}"


@click.command("ui", short_help="Open the search's page, and MLflow's pages.")
@click.argument("name", required=False)
@HOME
@once(
    "--port",
    type=click.IntRange(0, 65534),
    default=5000,
    show_default=True,
    help="Of the page, on 127.0.0.1; MLflow takes the next one. 0 takes free ones.",
)
@click.option("--no-browser", is_flag=True, help="Print the addresses and open nothing.")
def command(name: str | None, home: Path, port: int, no_browser: bool) -> None:
    """Serve the page of search NAME, or of the newest search, until Ctrl-C.

    The page opens at once. MLflow's pages, with every trial, start behind it.
    """
    import contextlib
    import signal

    # as Ctrl-C does, so that MLflow's server ends with this process
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    name = name or newest_name(home)
    click.echo(f"reading search {name}", err=True)
    with contextlib.suppress(KeyboardInterrupt):
        _serve(name, home, port, browser=not no_browser and sys.stdout.isatty())


def _serve(name: str, home: Path, port: int, browser: bool) -> None:
    """Serves until Ctrl-C.

    Args:
        browser: whether to open the page in one; a script wants only the addresses.
    """
    from frontier_search.errors import SearchError
    from frontier_search.reports import page_server
    from frontier_search.storage import catalog  # optuna loads here, not for --help

    entry = catalog.find(name, home)
    follows = page_server.free_port(port + 1) if port else 0  # before anything is opened
    with page_server.serve(entry, port) as page:
        click.echo(page.address)
        if browser:
            click.launch(page.address)
        click.echo("the page is served; Ctrl-C ends it. MLflow starts behind it", err=True)
        try:
            _serve_mlflow(entry, follows, page)
        except SearchError as error:
            page.say(MLFLOW_ENDS.format(error))
            click.echo(MLFLOW_ENDS.format(error), err=True)
            page.wait()


def _serve_mlflow(entry: Entry, port: int, page: ServedPage) -> None:
    """Serves MLflow's pages until Ctrl-C, and links the page to them.

    Raises:
        SearchError: MLflow does not start, cannot be brought up to date, or ends.
    """
    from frontier_search.errors import SearchError
    from frontier_search.mirror import server  # mlflow loads here, when the page is there

    with server.serve(entry, port, _teller(page)) as pages:
        page.link(pages.chart)
        click.echo(pages.chart)
        click.echo(f"the page among MLflow's files: {pages.page}", err=True)
        if pages.process is None:
            page.wait()
            return
        click.echo(forwarding(page.port, pages.port), err=True)
        pages.process.wait()
        raise SearchError("its server has ended.")


def _teller(page: ServedPage) -> Callable[[str], None]:
    """Returns a function that says on the page where MLflow is, and each new step here too."""
    steps: list[str] = []

    def say(words: str) -> None:
        page.say(words)
        step = words.partition(":")[0]
        if step not in steps[-1:]:
            steps.append(step)
            click.echo(step, err=True)

    return say


def forwarding(*ports: int) -> str:
    """Returns how the ports of this machine are reached from another one."""
    tunnels = " ".join(f"-L {port}:127.0.0.1:{port}" for port in ports)
    return f"from another machine: ssh {tunnels} {socket.gethostname()}"
