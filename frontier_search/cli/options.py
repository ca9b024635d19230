"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

HOME = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("frontier-runs"),
    show_default=True,
    help="Folder that holds one folder a search.",
)
FORMAT = click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
WORKERS = click.option("--workers", type=click.IntRange(min=1), help="Worker processes at a time.  [default: one a CPU]")
ADDRESS = click.option("--address", metavar="auto|HOST:PORT", help="A running Ray cluster, instead of starting Ray on this machine.")
EXECUTOR = click.option(
    "--executor", type=click.Choice(["ray_tune", "inline"]), default="ray_tune", show_default=True, help="inline: one process, no Ray."
)
