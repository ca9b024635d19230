"""Real Ray Tune over workers that sleep: what Ray itself leaves of the efficiency that ``benchmarks/scale.py`` computes without it.

    python benchmarks/sleepers.py --workers 2 16 32 64

Everything is real but the training: the driver as ``run`` starts it, one Ray worker process a worker (of 0.2 GB, so that 64 fit a small
machine), their outcomes. A worker sleeps for the drawn seconds instead of training. Efficiency = seconds asleep / (workers x window), where
the window begins when all workers sleep for the first time, so that the start of their processes is not in it, and ends when the last
cohort is begun; the end of a search is the same with any driver.
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

ASLEEP = "asleep"  # the folder of when each cohort's worker fell asleep, and awoke
MEAN_S = 5.0


class Sleeper(CohortTrainable):
    """A worker that sleeps."""

    def setup(
        self,
        config: dict[str, Any],
        spec: dict[str, Any] | None = None,
        root: str = "",
        device: str = "cpu",
    ) -> None:
        self.outcomes, self.index, self.log = (
            OutcomeFiles(remote.folder(root)),
            config[COHORT],
            Path(root) / ASLEEP,
        )

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
    """One search, as a row of the table."""
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
    window = (
        asleep[int(np.argmax(counts == workers))][0],
        slept[:, 0].max(),
    )  # argmax: the first moment
    assert counts.max() == workers, (
        f"at most {counts.max()} of {workers} workers were asleep at once"
    )
    inside = np.clip(slept[:, :2], *window)
    efficiency = (inside[:, 1] - inside[:, 0]).sum() / (workers * (window[1] - window[0]))
    ours, all_ms = dispatcher.took_s / cohorts * 1e3, cpu / cohorts * 1e3
    return f"| {workers} | {processes} | {cohorts} | {window[1] - window[0]:.0f} | {efficiency:.2f} | {ours:.0f} | {all_ms:.0f} |"


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
        f"{options.sampler}, cohorts of {options.cohort} that take {MEAN_S:g} s (log-normal, {SPREAD:g})\n"
    )
    print(
        "| workers | processes | cohorts | window, s | efficiency | ask and tell, ms a cohort | driver's processor, ms a cohort |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for workers in options.workers:
        with tempfile.TemporaryDirectory() as home:
            print(sleep(workers, options, Path(home)), flush=True)


if __name__ == "__main__":
    main()
