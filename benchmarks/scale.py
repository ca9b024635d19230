"""Measures how many simulated workers the driver can feed, and what limits it.

    python benchmarks/scale.py --workers 1 4 16 64 256        as many cohorts for each worker
    python benchmarks/scale.py --trials 10000 --workers 64    one search of this size

Real: the session, the sampler, the journal on this disk, outcomes written and read, the frontier.
Simulated: the workers, which answer after a random time, and the clock. The clock jumps to the next
answer, and each step of the driver advances it by the time that the step took here, one after
another, as in the driver's one thread. That is processor time or, with ``--clock wall``, wall time,
which includes waiting for the disk and for other processes. Left out: Ray's own time for each
cohort (25 to 60 ms), the live view, and MLflow's mirror, which is a separate process.

Efficiency = seconds of training / (workers x makespan). Beside it is the efficiency of a driver
that takes no time, with the same workers and the same order of proposals.
"""

from __future__ import annotations

import argparse
import heapq
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # the checkout, wherever this is started

from benchmarks.driver import outcome
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.trial import Cohort

SPREAD = 0.25  # standard deviation of the logarithm of a cohort's seconds

COLUMNS = (
    "workers",
    "in flight",
    "trials",
    "efficiency",
    "a costless driver's",
    "driver busy, %",
    "ask, ms a trial",
    "tell, ms a trial",
    "journal, MB",
    "memory so far, MB",
    "resume, s",
)


@dataclass
class Driver:
    """What feeds the workers. Each step also returns the seconds that it took.

    Attributes:
        ask: returns the index of the next cohort, or None for now.
        tell: records the outcome of a cohort.
    """

    ask: Callable[[], tuple[int | None, float]]
    tell: Callable[[int], float]


@dataclass
class Simulated:
    """One search on simulated workers. The seconds are simulated; the driver's share is real."""

    workers: int
    makespan_s: float = 0.0
    training_s: float = 0.0
    ask_s: float = 0.0
    tell_s: float = 0.0

    @property
    def efficiency(self) -> float:
        return self.training_s / (self.workers * self.makespan_s)

    @property
    def busy(self) -> float:
        """The share of the makespan during which the driver works."""
        return (self.ask_s + self.tell_s) / self.makespan_s


@dataclass
class Finished:
    """What a finished search takes: its journal, the memory so far, and the time to resume it."""

    journal_mb: float
    memory_mb: float
    resume_s: float


def simulate(driver: Driver, workers: int, in_flight: int, mean_s: float) -> Simulated:
    """Plays a search to its end. The k-th cohort in training takes as long with any driver."""
    result, rng = Simulated(workers), np.random.default_rng(0)
    clock, free = 0.0, workers
    waiting: list[int] = []  # proposed, but no worker is free
    running: list[tuple[float, int]] = []
    while True:
        while len(running) + len(waiting) < in_flight:
            cohort, took = driver.ask()
            result.ask_s, clock = result.ask_s + took, clock + took
            if cohort is None:
                break
            waiting.append(cohort)
        while free and waiting:
            free -= 1
            seconds = mean_s * float(rng.lognormal(-(SPREAD**2) / 2, SPREAD))
            result.training_s += seconds
            heapq.heappush(running, (clock + seconds, waiting.pop(0)))
        if not running:
            break
        answered, done = heapq.heappop(running)
        took = driver.tell(done)
        free, clock = free + 1, max(clock, answered) + took
        result.tell_s += took
    result.makespan_s = clock
    return result


def costless(cohorts: int, in_flight: int) -> Driver:
    """Returns a driver that takes no time.

    What is lost with it is lost to the order of the proposals and to the end of the search.
    """
    asked = 0
    unrecorded = set(range(cohorts))

    def ask() -> tuple[int | None, float]:
        nonlocal asked
        if asked == cohorts or min(unrecorded) <= asked - in_flight:
            return None, 0.0
        asked += 1
        return asked - 1, 0.0

    def tell(index: int) -> float:
        unrecorded.remove(index)
        return 0.0

    return Driver(ask, tell)


def real(
    workers: int, trials: int, in_flight: int, options: argparse.Namespace, home: Path
) -> tuple[Simulated, Finished]:
    """Runs the project's own driver on a search of this size in ``home``."""
    now = time.perf_counter if options.clock == "wall" else time.process_time
    spec = {
        "name": "scale",
        "dataset": "digits",
        "sampler": options.sampler,
        "trials": trials,
        "cohort": options.cohort,
    }
    entry = catalog.define(Search.from_spec(spec | {"in_flight": in_flight}), home)
    storage = entry.open_storage(writable=True)
    dispatcher = Dispatcher(Session(entry.search, storage), entry.files)
    asked: dict[int, Cohort] = {}

    def ask() -> tuple[int | None, float]:
        start = now()
        cohort = dispatcher.next()
        took = now() - start
        if cohort is None:
            return None, took
        asked[cohort.index] = cohort
        return cohort.index, took

    def tell(index: int) -> float:
        cohort = asked.pop(index)
        dispatcher.files.outcomes.write(
            cohort, [outcome(candidate) for candidate in cohort.candidates], {}
        )  # before the clock: it is a worker's time
        start = now()
        dispatcher.settle(cohort)
        return now() - start

    result = simulate(Driver(ask, tell), workers, in_flight, options.seconds)
    storage.close()
    journal_mb = (entry.folder.path / "journal.log").stat().st_size / 1e6
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    start = now()
    entry = catalog.find("scale", home)
    Session(entry.search, entry.open_storage(writable=True))
    return result, Finished(journal_mb, memory_mb, now() - start)


def row(workers: int, trials: int, in_flight: int, options: argparse.Namespace) -> str:
    """Runs a search with the project's driver and with a costless one; returns the table's row."""
    with tempfile.TemporaryDirectory() as home:
        ours, finished = real(workers, trials, in_flight, options, Path(home))
    bound = simulate(
        costless(-(-trials // options.cohort), in_flight),
        workers,
        in_flight,
        options.seconds,
    )
    ask, tell = ours.ask_s / trials * 1e3, ours.tell_s / trials * 1e3
    cells = (
        f"{workers} | {in_flight} | {trials:,}",
        f"{ours.efficiency:.2f} | {bound.efficiency:.2f} | {ours.busy * 100:.1f}",
        f"{ask:.2f} | {tell:.2f} | {finished.journal_mb:.0f}",
        f"{finished.memory_mb:.0f} | {finished.resume_s:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument(
        "--trials", type=int, help="of every search; default: by --cohorts-per-worker"
    )
    parser.add_argument("--cohorts-per-worker", type=int, default=12)
    parser.add_argument("--cohort", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0, help="mean time of a cohort")
    parser.add_argument(
        "--slack", type=float, nargs="+", default=[1.0, 2.0], help="in_flight / workers"
    )
    parser.add_argument("--sampler", default="nsga2")
    parser.add_argument("--clock", choices=["cpu", "wall"], default="cpu")
    options = parser.parse_args()
    print(
        f"{options.sampler}, cohorts of {options.cohort} that take {options.seconds:g} s "
        f"(log-normal, {SPREAD:g}), {options.clock} time\n"
    )
    print(f"| {' | '.join(COLUMNS)} |")
    print("|---:" * len(COLUMNS) + "|")
    for workers in options.workers:
        for slack in options.slack:
            trials = options.trials or workers * options.cohorts_per_worker * options.cohort
            in_flight = max(1, round(workers * slack))
            print(row(workers, trials, in_flight, options), flush=True)


if __name__ == "__main__":
    main()
