"""frontier-search export: write members of a frontier as code for other machines."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import BEST, HOME, TRIAL, once


@click.command("export", short_help="Write members of a frontier as C, ONNX, torch or Python.")
@click.argument("name")
@HOME
@TRIAL
@BEST
@click.option("--all", "every", is_flag=True, help="All members, each in a folder of its own.")
@once(
    "--to",
    default="c",
    show_default=True,
    metavar="LANGUAGE",
    help="c, onnx, torch, python, or module:ATTRIBUTE of your own.  onnx needs the extra: "
    "pip install 'frontier-search[onnx]'.",
)
@once(
    "--numbers",
    type=click.Choice(["float32", "int16", "int8"]),
    help="The format of weights and activations; integers are made after training."
    "  [default: the member's own, which is float32 unless the search had --numbers]",
)
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="CORE",
    help="Also compile for this core, execute every test row and count; may be repeated."
    "  Needs the extra: pip install 'frontier-search[device]'.",
)
@once(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to write.  [default: NAME-export]",
)
def command(
    name: str,
    home: Path,
    trial: int | None,
    best: tuple[str, ...],
    every: bool,
    to: str,
    numbers: str | None,
    devices: tuple[str, ...],
    output: Path | None,
) -> None:
    """Write members of the frontier of search NAME for other programs and machines.

    Each folder has the model, all test rows and a certificate: what was written was executed for
    every test row, and compared with a reference in numpy, bit for bit, or with the trained model.
    C and Python take the raw rows of your table. `frontier-search verify` checks a folder again.
    """
    from frontier_search import exporter
    from frontier_search.reports import certificates
    from frontier_search.storage import catalog

    entry = catalog.find(name, home)
    chosen = exporter.choose(entry, trial, best, every)
    folder = output or Path(f"{name}-export")
    folders = {folder / f"trial-{each.number}" if every else folder: each for each in chosen}

    def written(inside: Path) -> None:
        number = list(folders).index(inside) + 1
        click.echo(f"{number} of {len(folders)}: {inside}", err=True)

    made = exporter.export(entry, folders, to, numbers, devices, written)
    click.echo(certificates.table(made))
