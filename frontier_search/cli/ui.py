"""frontier-search ui: open a search in MLflow's pages."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from frontier_search.cli.options import HOME, once
from frontier_search.storage.names import newest_name


@click.command("ui", short_help="Open the search in MLflow's pages.")
@click.argument("name", required=False)
@HOME
@once(
    "--port",
    type=click.IntRange(0, 65535),
    default=5000,
    show_default=True,
    help="On 127.0.0.1; 0 takes a free one.",
)
@click.option("--no-browser", is_flag=True, help="Print the links and open nothing.")
def command(name: str | None, home: Path, port: int, no_browser: bool) -> None:
    """Serve MLflow's pages on this machine until Ctrl-C.

    They open on the frontier of search NAME, or of the newest search.
    """
    import contextlib
    import signal

    from frontier_search.mirror import server
    from frontier_search.storage import catalog  # optuna and mlflow load here, not for --help

    # as Ctrl-C does, so that MLflow's server ends with this process
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    entry = catalog.find(name or newest_name(home), home)
    with contextlib.suppress(KeyboardInterrupt), server.serve(entry, port) as pages:
        click.echo(pages.chart)
        click.echo(f"the frontier's own page: {pages.page}", err=True)
        if not no_browser and sys.stdout.isatty():  # a script wants only the link
            click.launch(pages.chart)
        if pages.process is not None:
            click.echo("serving; Ctrl-C stops it", err=True)
            pages.process.wait()
