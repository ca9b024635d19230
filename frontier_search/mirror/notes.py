"""What MLflow's pages say in words: the note of a search, and the table of its members."""

from __future__ import annotations

from collections.abc import Sequence

from frontier_search.frontier.membership import Member
from frontier_search.mirror.view import frontier_link, list_link, page_link
from frontier_search.objective import Objective
from frontier_search.reports import tables
from frontier_search.search.search import Search

PICTURE = "frontier.svg"
# characters of a run's description, of which MLflow cuts 8,000, and of an experiment's note
LONGEST, LONGEST_NOTE = 7500, 4500


def experiment(
    search: Search,
    experiment_id: str,
    run_id: str,
    members: Sequence[Member],
    objectives: Sequence[Objective],
) -> str:
    """Returns the note of a search's experiment: links, the picture of its frontier, its members.

    MLflow's list of runs has default columns, which nothing on a server sets, so that the note is
    what answers whoever comes without a link. The links are on the first line, because MLflow folds
    the rest until it is asked for. Addresses are relative, so that they work on every port and
    behind every proxy.

    Args:
        run_id: of the search's run, whose files hold the picture.
    """
    picture = f"get-artifact?path={PICTURE}&run_uuid={run_id}"
    note = (
        f"The frontier of {search.dataset_reference.label}: "
        f"[its own page]({page_link('', experiment_id, run_id)[1:]}), "
        f"[all trials as a chart]({frontier_link('', experiment_id)[1:]}), "
        f"[as a list]({list_link('', experiment_id)[1:]})\n\n"
        f"![The frontier of {search.name}]({picture})\n"
    )
    return f"{note}\n{_table(members, objectives, LONGEST_NOTE - len(note))}" if members else note


def parent(search: Search, members: Sequence[Member], objectives: Sequence[Objective]) -> str:
    """Returns the description of a search's run: its members as a table, as far as it has room."""
    files = (
        "Of the artifacts, `frontier.html` shows the frontier as a page and `frontier.json` as a "
        "table. `search.yaml` repeats the search: `frontier-search run search.yaml`."
    )
    if not members:
        return f"The search `{search.name}`. No trial is complete yet.\n\n{files}"
    table = _table(members, objectives, LONGEST - len(files) - 300)
    return f"The members of `{search.name}`:\n\n{table}\n{files}"


def _table(members: Sequence[Member], objectives: Sequence[Objective], room: int) -> str:
    """Returns the members as a table in Markdown, as far as so many characters have room."""
    columns = tables.member_columns(members, objectives, "test")
    rows = [[str(column.cells[i]) for column in columns] for i in range(len(members))]
    lines = [
        _row([column.title for column in columns]),
        _row(["--:" if column.number else ":--" for column in columns]),
        *map(_row, rows),
    ]
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(line) > room:
            break
        kept.append(f"{line}\n")
    n_left = len(lines) - len(kept)
    more = f"\n{n_left} more are in `frontier.json`.\n" if n_left else ""
    return f"{''.join(kept)}{more}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
