"""Makes the pictures of the README: a recording of ``make frontier``, its frontier, the winner map.

Usage: python -m screens.readme           (a few minutes; writes docs/images)
"""

from __future__ import annotations

import bz2
import csv
import io
import json
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frontier_search.frontier.interval import LEVEL
from frontier_search.frontier.judge import Body
from frontier_search.frontier.ownership import LOW_END
from frontier_search.reports.study import answer as study_answer
from frontier_search.reports.study import owners as study_owners
from frontier_search.reports.study.claims import Studied
from frontier_search.reports.study.owners import Owned
from frontier_search.search.claim import Claims
from frontier_search.search.search import Search
from frontier_search.search.sweep import Sweep
from frontier_search.storage.folder import SearchFolder
from frontier_search.trial import Candidate, Outcome, SeedOutcome, Trial, TrialState
from screens.drawn_terminal import draw
from screens.small import FRONTIER_SEARCH
from screens.terminal import record

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
COMMAND = "make frontier"
ARGUMENTS = ("run", "--dataset", "digits", "--objectives", "loss,params")  # what it runs
PROJECT = "project"  # the folder's name, in the home of whoever records
SIZES = ("params", "flops", "bytes")


def main() -> None:
    """Writes all pictures."""
    (IMAGES / "winners.svg").write_bytes(study_owners.winner_map_of(owned(), LEVEL).svg)
    print("\n".join(sentences()))
    with plain_folder() as folder:
        os.chdir(folder)
        recording = record([str(FRONTIER_SEARCH), *ARGUMENTS], COMMAND, columns=136, lines=40)
        if recording.status:
            sys.exit(f"{COMMAND} ended with {recording.status}")
        (IMAGES / "terminal.svg").write_text(draw(recording), encoding="utf-8")
        plot = ["frontier", "digits-1", "--plot", str(IMAGES / "digits.png")]
        record([str(FRONTIER_SEARCH), *plot], "")
        os.chdir(ROOT)


@contextmanager
def plain_folder() -> Iterator[Path]:
    """Gives an empty folder whose name a reader takes for their own, which is gone afterwards.

    Raises:
        FileExistsError: there is such a folder already.
    """
    folder = Path.home() / PROJECT
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def sentences() -> tuple[str, str]:
    """Returns who owns the frontiers of the published study: whole, and their low ends."""
    found = owned()
    return (
        study_answer.owners(found, LEVEL),
        study_answer.owners(found, LEVEL, str(LOW_END)),
    )


def owned() -> Owned:
    """Returns the owners of the frontiers of ``grid.yaml``, from the rows beside its report."""
    searches = {search.name: search for _, search in _grid().searches}
    rows = _rows(ROOT / "docs" / "published" / "seeds.csv.bz2")
    studied = [
        Studied(search, trials(search, rows[name]), SearchFolder(Path(), name), "")
        for name, search in searches.items()
    ]
    body = Body((each.search, each.trials) for each in studied)
    return study_owners.owned(studied, body, Claims.read("published"))


def _grid() -> Sweep:
    return Sweep.from_yaml(ROOT / "search_spaces" / "grid.yaml")


def _rows(path: Path) -> dict[str, list[dict[str, str]]]:
    """Returns the rows of a report's models, by the name of the search."""
    found = defaultdict(list)
    text = bz2.decompress(path.read_bytes()).decode()
    for row in csv.DictReader(io.StringIO(text)):
        if row["trial"]:
            found[row["search"]].append(row)
    return found


def trials(search: Search, rows: list[dict[str, str]]) -> list[Trial]:
    """Returns the trials that some rows of ``seeds.csv.bz2`` are about."""
    by_number = defaultdict(list)
    for row in rows:
        by_number[int(row["trial"])].append(row)
    return [_trial(search, number, own) for number, own in sorted(by_number.items())]


def _trial(search: Search, number: int, rows: list[dict[str, str]]) -> Trial:
    first = rows[0]
    size = {name: int(first[name]) for name in SIZES}
    size |= {"effective": size["params"], "raw": size["params"]}
    seeds = [
        SeedOutcome(
            int(row["seed"]),
            {name: float(row[name]) for name in ("val_loss", "test_loss")},
            int(row["epoch"]),
            int(row["budget"]),
            0.0,
        )
        for row in rows
    ]
    loss = sum(seed.metrics["val_loss"] for seed in seeds) / len(seeds)
    return Trial(
        number,
        f"{search.name}/{number}",
        0,
        TrialState.COMPLETE,
        Candidate(first["family"], json.loads(first["hyperparameters"])),
        size,
        {"loss": loss, "params": float(size["params"])},
        Outcome(tuple(seeds)),
    )


if __name__ == "__main__":
    main()
