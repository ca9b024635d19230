"""frontier-search export: write members of a frontier as code for other machines."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import HOME, once


@click.command("export", short_help="Write members of a frontier as C.")
@click.argument("name")
@HOME
@once("--trial", type=int, metavar="N", help="This member.")
@once("--best", metavar='"params<=1000"', help="The member with the lowest loss within a bound.")
@click.option("--all", "every", is_flag=True, help="All members, each in a folder of its own.")
@once("--to", type=click.Choice(["c"]), default="c", show_default=True, help="The language.")
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
    best: str | None,
    every: bool,
    to: str,
    numbers: str | None,
    devices: tuple[str, ...],
    output: Path | None,
) -> None:
    """Write members of the frontier of search NAME as C99.

    Each folder has one header, one source, a program that reads rows, and a certificate: the C was
    compiled and gave, for every test row, the bits of a reference in numpy. `frontier-search
    verify` checks it again.
    """
    from frontier_search import exporter
    from frontier_search.export.compiler import require_device_tools
    from frontier_search.export.devices import DEVICES
    from frontier_search.reports import certificates
    from frontier_search.storage import catalog

    for device in devices:
        DEVICES[device]
    if devices:
        require_device_tools()
    entry = catalog.find(name, home)
    chosen = exporter.choose(entry, trial, best, every)
    folder = output or Path(f"{name}-export")
    made = []
    for number, each in enumerate(chosen, start=1):
        inside = folder / f"trial-{each.number}" if every else folder
        exported = exporter.member(entry, each)
        click.echo(f"{number} of {len(chosen)}: {inside}", err=True)
        made.append(exporter.to_c(exported, inside, devices, numbers))
    click.echo(certificates.table(made))
