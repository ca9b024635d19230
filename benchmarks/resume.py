"""Measures the seconds from a command to its first stack in training and first recorded cohort.

    python benchmarks/resume.py [--trials 2000] [--sampler tpe] [--storage URL]

The command runs a new search, or resumes one after 2,000 trials. Only the outcomes of those trials
are made up. The journal, the command in its own process, Ray and the mirror, which logs all those
trials at the same time, are real. *Running*: cohorts were in training when the search was
interrupted, and are trained again. *Asked*: none were, so the first cohort is proposed from the
whole history.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from driver import outcome
from measure import psutil, tree

from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.storage.locations import Locations
from frontier_search.trial import Cohort

TIMEOUT_S = 300.0
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
NEW, RUNNING, ASKED = "new", "running", "asked"


def interrupted(home: Path, trials: int, sampler: str, storage: str | None, state: str) -> Entry:
    """Returns a search that was interrupted after ``trials`` trials; a new one has none."""
    search = Search.from_spec(
        {"name": "long", "dataset": "digits", "sampler": sampler, "trials": trials + 100}
    )
    entry = catalog.define(search, home, Locations.of(home, storage))
    if state == NEW:
        return entry
    session = Session(search, entry.open_storage(writable=True))
    dispatcher = Dispatcher(session, entry.files)
    in_flight: list[Cohort] = []
    while True:
        recorded = sum(trial.state.finished for trial in session.trials)
        if recorded + (0 if state == RUNNING else len(in_flight) * search.cohort) >= trials and (
            state == RUNNING or not in_flight
        ):
            return entry
        cohort = (
            dispatcher.next()
            if recorded + len(in_flight) * search.cohort < trials or state == RUNNING
            else None
        )
        if cohort is not None:
            in_flight.append(cohort)
        if cohort is None or len(in_flight) == search.in_flight:
            done = in_flight.pop(0)
            dispatcher.files.outcomes.write(
                done, [outcome(candidate) for candidate in done.candidates], {}
            )
            dispatcher.settle(done)


def finished(entry: Entry) -> int:
    return sum(trial.state.finished for trial in catalog.read_trials(entry))


def seconds(entry: Entry, executor: str) -> tuple[float, float]:
    """Starts the command, and kills it with its processes once a cohort is recorded.

    Returns:
        seconds until a stack was in training, and until a cohort was recorded.
    """
    where = ["--home", str(entry.folder.home), "--executor", executor]
    before, log = finished(entry), entry.folder.path / "resume.log"
    begin = time.perf_counter()
    with log.open("wb") as output:
        command = [sys.executable, "-m", "frontier_search", "resume", entry.search.name, *where]
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            env=os.environ | ONE_THREAD,
            start_new_session=True,
        )

    def wait_for(what: str, every_s: float) -> float:
        while not (
            list(entry.folder.path.glob("outcomes/*/checkpoints/training"))
            if what == "training"
            else finished(entry) > before
        ):
            if process.poll() is not None or time.perf_counter() - begin > TIMEOUT_S:
                raise RuntimeError(f"{what} was not seen:\n{log.read_text()}")
            time.sleep(every_s)
        return time.perf_counter() - begin

    try:
        return wait_for("training", 0.01), wait_for("recorded cohort", 1.0)
    finally:
        if process.poll() is None:
            for started in tree(psutil.Process(process.pid)):  # the mirror and Ray's parts too
                started.kill()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--storage")
    options = parser.parse_args()
    print(
        f"| executor | cohorts ({options.trials} trials, {options.sampler}) "
        "| in training after, s | first cohort recorded after, s |"
    )
    print("|---|---|---:|---:|")
    for state in (NEW, RUNNING, ASKED):
        for executor in ("inline", "ray_tune"):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
                entry = interrupted(
                    Path(home), options.trials, options.sampler, options.storage, state
                )
                training_s, recorded_s = seconds(entry, executor)
                print(f"| {executor} | {state} | {training_s:.1f} | {recorded_s:.1f} |", flush=True)


if __name__ == "__main__":
    main()
