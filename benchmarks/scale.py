"""The driver with simulated workers: how many it can feed, and what bounds it.

    python benchmarks/scale.py --workers 1 4 16 64 256           weak scaling: as many cohorts a worker everywhere
    python benchmarks/scale.py --trials 10000 --workers 64       one search of this size

Real: the session, the sampler, the journal on this disk, outcomes written and read, the frontier. Simulated: the workers, which answer
after a time that is drawn, and so the clock: it jumps to the next answer, and the driver's steps advance it by what each took here,
one after another, as in the driver's one thread: processor time, or with ``--clock wall`` the time on the wall, which waits for the disk
and for whatever else the machine does. Not in it: Ray's own time a cohort (25 to 60 ms, Ray Tune's trials), the live
view, MLflow's mirror (a process of its own). Efficiency = seconds of training / (workers x makespan).
"""

from __future__ import annotations

import argparse
import heapq
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # the checkout, wherever this is started

from benchmarks.driver import outcome
from frontier_search import library
from frontier_search.executors.handover import Handover
from frontier_search.search import Search
from frontier_search.session import Session
from frontier_search.trial import Cohort

SPREAD = 0.25  # standard deviation of the logarithm of a cohort's seconds


@dataclass
class Simulated:
    """One search on simulated workers: simulated seconds, and what the driver really took."""

    workers: int
    trials: int
    in_flight: int
    makespan_s: float = 0.0
    training_s: float = 0.0
    ask_s: float = 0.0
    tell_s: float = 0.0
    journal_mb: float = 0.0
    memory_mb: float = 0.0
    resume_s: float = 0.0

    @property
    def efficiency(self) -> float:
        return self.training_s / (self.workers * self.makespan_s)

    @property
    def busy(self) -> float:
        """The share of the makespan in which the driver works."""
        return (self.ask_s + self.tell_s) / self.makespan_s


def simulate(workers: int, trials: int, in_flight: int, options: argparse.Namespace, home: Path) -> Simulated:
    spec = {"name": "scale", "dataset": "digits", "sampler": options.sampler, "trials": trials, "cohort": options.cohort}
    entry = library.define(Search.from_spec(spec | {"in_flight": in_flight}), home)
    storage = entry.open_storage(writable=True)
    handover = Handover(Session(entry.search, storage), entry.files)
    result = Simulated(workers, trials, in_flight)
    rng, now = np.random.default_rng(0), time.perf_counter if options.clock == "wall" else time.process_time
    clock, free = 0.0, workers
    waiting: list[Cohort] = []  # waiting: cohorts that were proposed and have no worker yet
    running: list[tuple[float, int, Cohort]] = []
    while True:
        while len(running) + len(waiting) < in_flight:
            start = now()
            cohort = handover.next()
            took = now() - start
            result.ask_s, clock = result.ask_s + took, clock + took
            if cohort is None:
                break
            waiting.append(cohort)
        while free and waiting:
            cohort, free = waiting.pop(0), free - 1
            seconds = options.seconds * float(rng.lognormal(-(SPREAD**2) / 2, SPREAD))
            result.training_s += seconds
            heapq.heappush(running, (clock + seconds, cohort.index, cohort))
        if not running:
            break
        answered, _, done = heapq.heappop(running)
        free, clock = free + 1, max(clock, answered)
        handover.files.leave(done, [outcome(candidate) for candidate in done.candidates], {})  # a worker's time, and not the driver's
        start = now()
        handover.settle(done)
        took = now() - start
        result.tell_s, clock = result.tell_s + took, clock + took
    storage.close()
    result.makespan_s = clock
    result.journal_mb = (entry.folder.path / "journal.log").stat().st_size / 1e6
    result.memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    start = now()
    entry = library.find("scale", home)
    Session(entry.search, entry.open_storage(writable=True))
    result.resume_s = now() - start
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument("--trials", type=int, help="of every search; else as many as --cohorts-per-worker gives")
    parser.add_argument("--cohorts-per-worker", type=int, default=12)
    parser.add_argument("--cohort", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0, help="mean of a cohort")
    parser.add_argument("--slack", type=float, nargs="+", default=[1.0, 2.0], help="in_flight / workers")
    parser.add_argument("--sampler", default="nsga2")
    parser.add_argument("--clock", choices=["cpu", "wall"], default="cpu")
    options = parser.parse_args()
    print(
        f"{options.sampler}, cohorts of {options.cohort} that take {options.seconds:g} s (log-normal, {SPREAD:g}), {options.clock} time\n"
    )
    heads = ("workers", "in flight", "trials", "efficiency", "driver busy, %", "ask, ms a trial", "tell, ms a trial", "journal, MB")
    print(f"| {' | '.join((*heads, 'memory so far, MB', 'resume, s'))} |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for workers in options.workers:
        for slack in options.slack:
            trials = options.trials or workers * options.cohorts_per_worker * options.cohort
            with tempfile.TemporaryDirectory() as home:
                r = simulate(workers, trials, max(1, round(workers * slack)), options, Path(home))
            ask, tell = r.ask_s / trials * 1e3, r.tell_s / trials * 1e3
            cells = f"{workers} | {r.in_flight} | {trials:,} | {r.efficiency:.2f} | {r.busy * 100:.1f} | {ask:.2f} | {tell:.2f}"
            print(f"| {cells} | {r.journal_mb:.0f} | {r.memory_mb:.0f} | {r.resume_s:.1f} |", flush=True)


if __name__ == "__main__":
    main()
