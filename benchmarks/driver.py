"""Measures the driver's milliseconds for each trial (ask, tell, view) as the history grows.

    python benchmarks/driver.py [--sampler nsga2] [--trials 2000]

Only the training is left out: outcomes cost nothing. The session, the journal on disk, the frontier
and the live view are real. The mirror is a separate process, whose cost
``benchmarks/compare.py`` measures.
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
    """Returns an outcome whose loss falls with the width and differs for each learning rate."""
    given = candidate.hyperparameters
    hidden, rate = float(given["hidden"]), float(given["learning_rate"])
    metrics = {
        f"{split}_{name}": 1 / hidden + abs(rate - 0.01)
        for split in ("train", "val", "test")
        for name in ("loss", "error", "accuracy")
    }
    return Outcome(tuple(SeedOutcome(seed, metrics, 60, 60, 0.0) for seed in SEEDS))


def drive(sampler: str, trials: int, home: Path) -> list[tuple[int, float, float]]:
    """Returns (trials recorded, ask and tell in milliseconds a trial) for every window."""
    search = Search.from_spec(
        {"name": "driver", "dataset": "digits", "sampler": sampler, "trials": trials}
    )
    entry = catalog.define(search, home)
    session = Session(search, entry.open_storage(writable=True))
    dispatcher = Dispatcher(session, entry.files, [LiveView(search, "").observe])
    rows, ask_s, tell_s, counted = [], 0.0, 0.0, 0
    in_flight: list[Cohort] = []
    while True:
        start = time.perf_counter()
        cohort = dispatcher.next()
        ask_s += time.perf_counter() - start
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
            tell_s += time.perf_counter() - start
            counted += len(done.numbers)
            if counted >= WINDOW:
                finished = sum(trial.state.finished for trial in session.trials)
                rows.append((finished, ask_s / counted * 1e3, tell_s / counted * 1e3))
                ask_s, tell_s, counted = 0.0, 0.0, 0


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
        f"| trials ({options.sampler}) | ask, ms a trial | tell and view, ms a trial | together |"
    )
    print("|---:|---:|---:|---:|")
    for finished, ask, tell in rows:
        print(f"| {finished} | {ask:.1f} | {tell:.1f} | {ask + tell:.1f} |")


if __name__ == "__main__":
    main()
