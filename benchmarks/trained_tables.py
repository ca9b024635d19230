"""Trains the tables on which searches are replayed: a grid of every published family, five seeds.

    python benchmarks/trained_tables.py FOLDER [digits friedman1]

Each table is an ordinary search of this package that lists a grid, so that an interrupted table
continues. FOLDER is its home. ``search_quality.py`` reads it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from frontier_search.models.families import PUBLISHED
from frontier_search.runner import conduct
from frontier_search.search.search import Search
from frontier_search.storage import catalog

DATASETS = ("digits", "friedman1")
EPOCHS = 64  # races have their rungs at 8, 16 and 32
RATES = [0.001, 0.00215, 0.00464, 0.01]
WIDTHS = [2, 4, 8, 16, 32, 64]
RESERVOIR = {
    "steps": {"choice": [1, 3, 8]},
    "spectral_radius": {"choice": [0.6, 1.0]},
    "graph_noise": {"choice": [0.0, 0.1]},
}
OTHER = {
    "dense": {},
    "dense_deep": {},
    "no_recurrence": {},
    "dense_adamw": {"weight_decay": {"choice": [0.0001, 0.001, 0.01, 0.1]}},
}


def families() -> dict[str, Any]:
    """Returns the space of each published family, with a few values of each parameter."""
    common = {"hidden": {"choice": WIDTHS}, "learning_rate": {"choice": RATES}}
    return {name: {**common, **OTHER.get(name, RESERVOIR)} for name in PUBLISHED}


def table_search(dataset: str) -> Search:
    """Returns the search that trains every point of the grid."""
    return Search.from_spec(
        {
            "name": f"table-{dataset}",
            "dataset": dataset,
            "families": families(),
            "candidates": "grid",
            "seeds": 5,
            "epochs": EPOCHS,
            "cohort": 64,
            "in_flight": 1,
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("datasets", nargs="*", default=DATASETS)
    given = parser.parse_args()
    for dataset in given.datasets:
        entry = catalog.find_or_define(table_search(dataset), given.folder)
        frontier = conduct(entry, "inline", None, ())
        print(
            f"{dataset}: {len(entry.search.candidates)} candidates, {len(frontier.members)} members"
        )


if __name__ == "__main__":
    main()
