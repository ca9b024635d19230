"""Milliseconds of the driver a trial (ask, tell, view) against the number of trials, with outcomes that cost nothing.

    python benchmarks/driver.py [--sampler nsga2] [--trials 2000]

Everything is real but the training: the session, the journal on the disk, the frontier that is kept current and the live view's figures.
The mirror is a process of its own; its cost is measured by ``benchmarks/compare.py``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.reports.live import LiveView
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.trial import Candidate, Cohort, Outcome, SeedOutcome

WINDOW = 100  # trials over which a row of the table averages
SEEDS = (101, 202, 303, 404, 505)


def outcome(candidate: Candidate) -> Outcome:
    """A loss that falls with the width, different for each learning rate."""
    hidden, rate = (
        float(candidate.hyperparameters["hidden"]),
        float(candidate.hyperparameters["learning_rate"]),
    )
    metrics = {
        f"{split}_{name}": 1 / hidden + abs(rate - 0.01)
        for split in ("train", "val", "test")
        for name in ("loss", "error", "accuracy")
    }
    return Outcome(tuple(SeedOutcome(seed, metrics, 60, 60, 0.0) for seed in SEEDS))


def drive(sampler: str, trials: int, home: Path) -> list[tuple[int, float, float]]:
    """(trials told, ask milliseconds a trial, tell milliseconds a trial) for every window."""
    search = Search.from_spec(
        {"name": "driver", "dataset": "digits", "sampler": sampler, "trials": trials}
    )
    entry = catalog.define(search, home)
    session = Session(search, entry.open_storage(writable=True))
    dispatcher = Dispatcher(session, entry.files, [LiveView(search, "").observe])
    rows, asked, told, counted = [], 0.0, 0.0, 0
    in_flight: list[Cohort] = []
    while True:
        start = time.perf_counter()
        cohort = dispatcher.next()
        asked += time.perf_counter() - start
        if cohort is not None:
            in_flight.append(cohort)
        if cohort is None and not in_flight:
            return rows
        if cohort is None or len(in_flight) == search.in_flight:
            done = in_flight.pop(0)
            dispatcher.files.outcomes.write(
                done, [outcome(candidate) for candidate in done.candidates], {}
            )
            start = time.perf_counter()
            dispatcher.settle(done)
            told += time.perf_counter() - start
            counted += len(done.numbers)
            if counted >= WINDOW:
                finished = sum(trial.state.finished for trial in session.trials)
                rows.append((finished, asked / counted * 1e3, told / counted * 1e3))
                asked, told, counted = 0.0, 0.0, 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sampler", default="nsga2")
    parser.add_argument("--trials", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        rows = drive(options.sampler, options.trials, Path(home))
    print(
        f"| trials ({options.sampler}) | ask, ms a trial | tell and view, ms a trial | together |\n|---:|---:|---:|---:|"
    )
    for finished, ask, tell in rows:
        print(f"| {finished} | {ask:.1f} | {tell:.1f} | {ask + tell:.1f} |")


if __name__ == "__main__":
    main()
