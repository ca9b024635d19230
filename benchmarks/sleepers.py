"""Measures the efficiency of real Ray Tune with workers that sleep.

    python benchmarks/sleepers.py --workers 2 16 32 64

``benchmarks/scale.py`` computes it without Ray. Only the training is left out: the driver is as
``run`` starts it, every worker is a Ray worker process (of 0.2 GB, so that 64 fit a small machine),
and their outcomes are real. Instead of training, a worker sleeps for a random time.

Efficiency = seconds asleep / (workers x window). The window begins when all workers sleep for the
first time, so that starting their processes is not counted. It ends when the last cohort begins,
because the end of a search is the same with any driver.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # the checkout, wherever this is started

from benchmarks.driver import outcome
from benchmarks.scale import SPREAD
from frontier_search.executors import Where, ray_tune
from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.executors.tune_adapters import COHORT, CohortTrainable
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog, remote
from frontier_search.storage.outcomes import OutcomeFiles

ASLEEP = "asleep"  # the folder with the times at which each cohort's worker slept and woke
MEAN_S = 5.0


class Sleeper(CohortTrainable):
    """A worker that sleeps."""

    def setup(
        self,
        config: dict[str, Any],
        spec: dict[str, Any] | None = None,
        root: str = "",
        device: str = "cpu",
        threads: int = 1,
        **others: Any,
    ) -> None:
        self.outcomes = OutcomeFiles(remote.folder(root))
        self.index, self.log = config[COHORT], Path(root) / ASLEEP

    def step(self) -> dict[str, Any]:
        start = time.time()
        time.sleep(
            MEAN_S * float(np.random.default_rng(self.index).lognormal(-(SPREAD**2) / 2, SPREAD))
        )
        awake = time.time()
        cohort = self.outcomes.queued(self.index)
        self.outcomes.write(cohort, [outcome(candidate) for candidate in cohort.candidates], {})
        (self.log / f"{self.index}").write_text(f"{start} {awake} {os.getpid()}")
        return {COHORT: self.index, "done": True}


class Timed(Dispatcher):
    """A dispatcher that adds up the seconds of its own steps."""

    took_s = 0.0

    def next(self) -> Any:
        start = time.perf_counter()
        try:
            return super().next()
        finally:
            self.took_s += time.perf_counter() - start

    def settle(self, cohort: Any) -> None:
        start = time.perf_counter()
        super().settle(cohort)
        self.took_s += time.perf_counter() - start


def sleep(workers: int, options: argparse.Namespace, home: Path) -> str:
    """Runs one search and returns a row of the table."""
    cohorts = workers * options.cohorts_per_worker
    spec = {
        "name": "sleepers",
        "dataset": "digits",
        "sampler": options.sampler,
        "trials": cohorts * options.cohort,
    }
    entry = catalog.define(
        Search.from_spec(spec | {"cohort": options.cohort, "in_flight": 2 * workers}), home
    )
    (entry.folder.path / ASLEEP).mkdir()
    storage = entry.open_storage(writable=True)
    dispatcher = Timed(Session(entry.search, storage), entry.files)
    with ray_tune.ready(Where(workers=workers), "") as execute:
        cpu = time.process_time()
        execute(dispatcher)
        cpu = time.process_time() - cpu
    storage.close()
    slept = np.array(
        [
            [float(word) for word in path.read_text().split()]
            for path in (entry.folder.path / ASLEEP).iterdir()
        ]
    )
    processes = len(set(slept[:, 2]))
    asleep = sorted(
        [*((start, 1) for start in slept[:, 0]), *((awake, -1) for awake in slept[:, 1])]
    )
    counts = np.cumsum([change for _, change in asleep])
    first = int(np.argmax(counts == workers))  # argmax gives the first
    window = (asleep[first][0], slept[:, 0].max())
    assert counts.max() == workers, (
        f"at most {counts.max()} of {workers} workers were asleep at once"
    )
    inside = np.clip(slept[:, :2], *window)
    efficiency = (inside[:, 1] - inside[:, 0]).sum() / (workers * (window[1] - window[0]))
    ours, all_ms = dispatcher.took_s / cohorts * 1e3, cpu / cohorts * 1e3
    counted = f"| {workers} | {processes} | {cohorts} | {window[1] - window[0]:.0f}"
    return f"{counted} | {efficiency:.2f} | {ours:.0f} | {all_ms:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 16, 32, 64])
    parser.add_argument("--cohorts-per-worker", type=int, default=10)
    parser.add_argument("--cohort", type=int, default=16)
    parser.add_argument("--sampler", default="nsga2")
    options = parser.parse_args()
    ray_tune.CohortTrainable = Sleeper  # type: ignore[misc]
    print(
        f"{options.sampler}, cohorts of {options.cohort} that take {MEAN_S:g} s "
        f"(log-normal, {SPREAD:g})\n"
    )
    print(
        "| workers | processes | cohorts | window, s | efficiency "
        "| ask and tell, ms a cohort | driver's processor, ms a cohort |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for workers in options.workers:
        with tempfile.TemporaryDirectory() as home:
            print(sleep(workers, options, Path(home)), flush=True)


if __name__ == "__main__":
    main()
