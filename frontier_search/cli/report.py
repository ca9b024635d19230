"""frontier-search report: the page with frontiers, owners and claims."""

from __future__ import annotations

from pathlib import Path

import click

from frontier_search.cli.options import HOME, once


@click.command("report", short_help="Write a page with frontiers, their owners, and claims.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@HOME
@once(
    "--claims",
    metavar="NAME|FILE",
    help="A table of claims to judge.  [default: that of the first sweep with one]",
)
@once(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="[default: HOME/NAME/report]",
)
@once(
    "--remarks",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE.md",
    help="What to say about claims and published numbers, in sections.",
)
def command(
    names: tuple[str, ...],
    home: Path,
    claims: str | None,
    output: Path | None,
    remarks: Path | None,
) -> None:
    """Write a report on the searches and sweeps NAME...

    report.html is one file that needs no network. report.md has its figures beside it.
    seeds.csv.bz2 has a row for each trained model, from which every number of the report follows.
    """
    from frontier_search.reports import document
    from frontier_search.reports.study import frontiers as study_frontiers
    from frontier_search.reports.study import report as study
    from frontier_search.reports.study import seeds as study_seeds
    from frontier_search.reports.study.claims import Studied
    from frontier_search.reports.study.remarks import Remarks
    from frontier_search.search.claim import Claims
    from frontier_search.storage import (  # optuna and matplotlib load here, not for --help
        catalog,
        sweep_catalog,
    )

    studied, settled, given = [], False, claims
    for name in names:
        sweep = sweep_catalog.find(name, home)
        if sweep is not None:
            claims, settled = claims or sweep.sweep.claims, settled or sweep.sweep.until_settled
            entries = [entry for group in sweep.entries().values() for entry in group]
            flag = " --until-settled" if sweep.sweep.until_settled else ""
            made = f"frontier-search sweep {name}.yaml{flag}"
        else:
            entries, made = [catalog.find(name, home)], f"frontier-search run {name}.yaml"
        studied += [
            Studied(entry.search, catalog.read_trials(entry), entry.folder, made)
            for entry in entries
        ]
    table = Claims.read(claims) if claims else Claims({}, ())
    told = Remarks.read(remarks) if remarks else Remarks()
    options = {"claims": given, "remarks": remarks, "output": output}
    said = [*names, *(f"--{name} {value}" for name, value in options.items() if value)]
    content = study.blocks(
        studied, table, settled, told, f"frontier-search report {' '.join(said)}"
    )
    page, twin = document.write(
        f"Report: {', '.join(names)}", content, output or home / names[0] / "report"
    )
    frontiers = study_frontiers.shown(studied)
    methods = {each.search.name: study_frontiers.baselines(each) for each in frontiers}
    data = page.with_name(study_seeds.NAME)
    data.write_bytes(study_seeds.compressed(study_seeds.to_csv(studied, methods)))
    click.echo(study.summary(content))
    click.echo(f"{page}\n{twin}\n{data}", err=True)
