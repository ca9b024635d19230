"""What MLflow's pages say in words: the note of a search, and the table of its members."""

from __future__ import annotations

from collections.abc import Sequence

from frontier_search.frontier.membership import Member
from frontier_search.mirror.view import frontier_link, list_link, page_link
from frontier_search.objective import Objective
from frontier_search.reports import tables
from frontier_search.search.search import Search

PICTURE = "frontier.svg"
LONGEST = 7500  # characters of a run's description; MLflow cuts at 8,000


def experiment(search: Search, experiment_id: str, run_id: str) -> str:
    """Returns the note of a search's experiment: links, and the picture of its frontier.

    The links are on the first line, because MLflow folds the rest until it is asked for.
    Addresses are relative, so that they work on every port and behind every proxy.

    Args:
        run_id: of the search's run, whose files hold the picture.
    """
    picture = f"get-artifact?path={PICTURE}&run_uuid={run_id}"
    return (
        f"The frontier of {search.dataset_reference.label}: "
        f"[its own page]({page_link('', experiment_id, run_id)[1:]}), "
        f"[all trials as a chart]({frontier_link('', experiment_id)[1:]}), "
        f"[as a list]({list_link('', experiment_id)[1:]})\n\n"
        f"![The frontier of {search.name}]({picture})\n"
    )


def parent(search: Search, members: Sequence[Member], objectives: Sequence[Objective]) -> str:
    """Returns the description of a search's run: its members as a table, as far as it has room."""
    files = (
        "Of the artifacts, `frontier.html` shows the frontier as a page and `frontier.json` as a "
        "table. `search.yaml` repeats the search: `frontier-search run search.yaml`."
    )
    if not members:
        return f"The search `{search.name}`. No trial is complete yet.\n\n{files}"
    columns = tables.member_columns(members, objectives, "test")
    rows = [[str(column.cells[i]) for column in columns] for i in range(len(members))]
    lines = [
        _row([column.title for column in columns]),
        _row(["--:" if column.number else ":--" for column in columns]),
        *map(_row, rows),
    ]
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(line) > LONGEST - len(files) - 300:
            break
        kept.append(f"{line}\n")
    n_left = len(lines) - len(kept)
    more = f"\n{n_left} more are in `frontier.json`.\n" if n_left else ""
    return f"The members of `{search.name}`:\n\n{''.join(kept)}{more}\n{files}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
