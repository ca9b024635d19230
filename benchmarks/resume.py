"""Seconds from the command `resume` to the first cohort in training, for an interrupted search of 2,000 trials.

    python benchmarks/resume.py [--trials 2000] [--sampler tpe] [--storage URL]

The trials' outcomes cost nothing to make, and everything else is real: the journal, the command in a process of its own, Ray, the mirror,
which has all those trials to log and goes on beside it. *Running*: cohorts were in training when the search was interrupted, and are
trained again. *Asked*: none were, so that the first cohort must be proposed from the whole history.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from driver import outcome

from frontier_search import library
from frontier_search.executors.handover import Handover
from frontier_search.library import Entry
from frontier_search.search import Search
from frontier_search.session import Session
from frontier_search.trial import Cohort

PATIENCE_S = 120.0


def interrupted(home: Path, trials: int, sampler: str, storage: str | None, running: bool) -> Entry:
    """A search with so many finished trials that was interrupted there."""
    search = Search.from_spec({"name": "long", "dataset": "digits", "sampler": sampler, "trials": trials + 100})
    entry = library.define(search, home, storage)
    session = Session(search, entry.open_storage(writable=True))
    handover = Handover(session, entry.folder)
    in_flight: list[Cohort] = []
    while True:
        told = sum(trial.state.finished for trial in session.trials)
        if told + (0 if running else len(in_flight) * search.cohort) >= trials and (running or not in_flight):
            return entry
        cohort = handover.next() if told + len(in_flight) * search.cohort < trials or running else None
        if cohort is not None:
            in_flight.append(cohort)
        if cohort is None or len(in_flight) == search.in_flight:
            done = in_flight.pop(0)
            handover.files.leave(done, [outcome(candidate) for candidate in done.candidates], {})
            handover.settle(done)


def seconds_to_training(entry: Entry, executor: str) -> float:
    """Starts the command, waits until a stack is in training, and kills what was started."""
    arguments = ["resume", entry.search.name, "--home", str(entry.folder.home), "--executor", executor]
    begin = time.perf_counter()
    with (entry.folder.path / "resume.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "frontier_search", *arguments], stdout=log, stderr=log, start_new_session=True)
    try:
        while not list(entry.folder.path.glob("outcomes/*/checkpoints/training")):
            if process.poll() is not None or time.perf_counter() - begin > PATIENCE_S:
                raise RuntimeError((entry.folder.path / "resume.log").read_text())
            time.sleep(0.01)
        return time.perf_counter() - begin
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--storage")
    options = parser.parse_args()
    print(f"| {options.trials} trials ({options.sampler}) | cohorts | seconds to training |\n|---|---|---:|")
    for running in (True, False):
        for executor in ("inline", "ray_tune"):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
                entry = interrupted(Path(home), options.trials, options.sampler, options.storage, running)
                print(f"| {executor} | {'running' if running else 'asked'} | {seconds_to_training(entry, executor):.1f} |", flush=True)


if __name__ == "__main__":
    main()
