"""Measures the processor seconds of every training of a table, for searches that are replayed.

    python benchmarks/training_costs.py FOLDER [digits friedman1]

``trained_tables.py`` trains in large cohorts and notes wall seconds. A search trains few candidates
of a shape together. So each shape of the table is trained again here, as a candidate of its own on
five seeds: everything that ``train_cohort`` does, in one thread, in seconds of a processor. The
learning rate, the weight decay and the spectral radius cost nothing, so one candidate stands for
all that differ only in them. It counts with the shorter of two runs, between which all others lie.
FOLDER/TABLE-costs.json keeps them, and ``search_quality.py`` reads it.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from trained_tables import DATASETS, table_search

from frontier_search.executors.worker import settle_process
from frontier_search.search.search import Search
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import train_cohort
from frontier_search.training.rows import Data
from frontier_search.training.threads import flushed_denormals
from frontier_search.trial import Candidate, Cohort

FREE = ("learning_rate", "weight_decay", "spectral_radius")  # what costs the same at any value
RUNS = 2


def shape(candidate: Candidate) -> str:
    """Returns what decides the cost of a candidate, as text."""
    held = sorted((k, v) for k, v in candidate.hyperparameters.items() if k not in FREE)
    return " ".join([candidate.family, *(f"{name}={value}" for name, value in held)])


def costs_file(table: str, folder: Path) -> Path:
    return folder / f"{table}-costs.json"


def seconds(table: str, folder: Path, candidates: Sequence[Candidate]) -> list[float] | None:
    """Returns the processor seconds of the candidates of a table; None if not measured."""
    file = costs_file(table, folder)
    if not file.exists():
        return None
    held = json.loads(file.read_text())
    return [held[shape(candidate)] for candidate in candidates]


def measured(search: Search) -> dict[str, float]:
    """Returns the processor seconds of one candidate of each shape, all seeds and epochs."""
    data = Data(search.find_dataset(), search.seeds, torch.device("cpu"))
    shapes = {shape(candidate): candidate for candidate in search.candidates}
    found: dict[str, float] = {}

    def cost(candidate: Candidate) -> float:
        begin = time.process_time()
        train_cohort(
            Cohort(0, (0,), (candidate,)),
            data,
            search.budget,
            Checkpoints(None),
            search.objective_table(),
            search.edition,
        )
        return time.process_time() - begin

    order = list(shapes)
    for name in order[:3]:
        cost(shapes[name])  # warms the caches
    for run in range(RUNS):
        random.Random(run).shuffle(order)
        for name in order:
            found[name] = min(cost(shapes[name]), found.get(name, float("inf")))
    return {name: round(found[name], 5) for name in shapes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("tables", nargs="*", default=DATASETS)
    given = parser.parse_args()
    settle_process()
    for table in given.tables:
        with flushed_denormals():
            found = measured(table_search(table))
        costs_file(table, given.folder).write_text(json.dumps(found, indent=1))
        low, high = min(found.values()), max(found.values())
        print(
            f"{table}: {len(found)} shapes, {low:.2f} to {high:.2f} s, {sum(found.values()):.0f} s"
        )


if __name__ == "__main__":
    main()
