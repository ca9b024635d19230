"""What it costs to pass a cohort between session and worker through a folder or a bucket, and to tell again what an archive holds.

    python benchmarks/exchange.py [--trials 1008] [--sampler tpe]

Training is left out; everything else is real: the session and its journal, each file that a worker reads and writes (one mark a stack, the
weights, the outcome), and an S3 server (moto's) in a process of its own on loopback. It answers in about 2 ms a request; to know what a
real bucket costs, multiply its time an answer by the requests. *Again*: a new head with an empty disk and the same archive.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import boto3
import numpy as np
from driver import outcome

from frontier_search.executors.dispatcher import Dispatcher
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.locations import Locations
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.trial import Cohort

STACKS, SCALARS = 12, 1000  # of a cohort; of a model
BUCKET, PATIENCE_S = "frontier", 60.0


@contextmanager
def server(log: Path) -> Iterator[None]:
    """An S3 server with an empty bucket, which this process's environment names."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with log.open("wb") as output:
        command = [
            sys.executable,
            "-m",
            "moto.server",
            "-H",
            "127.0.0.1",
            "-p",
            url.rpartition(":")[2],
        ]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{url}/moto-api/", timeout=5).close()
                break
            except (URLError, OSError):
                time.sleep(0.2)
        keys = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        os.environ.update(keys)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield
    finally:
        process.kill()
        process.wait()


def requests(log: Path) -> int:
    return (
        len(
            re.findall(
                r'"(?:\x1b\[\d+m)*(?:GET|PUT|POST|HEAD|DELETE) ', log.read_text(errors="replace")
            )
        )
        if log.exists()
        else 0
    )


def work(dispatcher: Dispatcher, cohort: Cohort) -> None:
    """A worker's part, without the training."""
    posted = dispatcher.files.outcomes.queued(cohort.index)
    checkpoints = Checkpoints(dispatcher.files.outcomes.checkpoints(cohort.index))
    for stack in range(STACKS):
        checkpoints.begin(f"{stack}")
    weights = {number: np.zeros((5, SCALARS), dtype=np.float32) for number in posted.numbers}
    dispatcher.files.outcomes.write(
        posted, [outcome(candidate) for candidate in posted.candidates], weights
    )


def play(search: Search, home: Path, outcomes: str | None) -> tuple[int, float]:
    """Runs a search to its end; returns the cohorts that were trained, and the seconds."""
    entry = catalog.define(search, home, Locations.of(home, outcomes=outcomes))
    begin = time.perf_counter()
    files, trained = entry.files, 0
    files.owner.take_over()
    dispatcher = Dispatcher(Session(search, entry.open_storage(writable=True)), files)
    while (cohort := dispatcher.next()) is not None:
        work(dispatcher, cohort)
        dispatcher.settle(cohort)
        trained += 1
    return trained, time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=1008)
    parser.add_argument("--sampler", default="tpe")
    options = parser.parse_args()
    spec = {
        "name": "long",
        "dataset": "digits",
        "sampler": options.sampler,
        "trials": options.trials,
        "cohort": 16,
        "in_flight": 3,
    }
    search = Search.from_spec(spec)
    print(
        f"| exchanged through | ms a cohort of 16, with ask and tell | requests a cohort | {options.trials} trials again, s |"
    )
    print("|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        place, log = Path(folder), Path(folder) / "log"
        with server(log):
            for name, outcomes in (
                ("the search's folder", None),
                ("another folder", f"{place}/shared"),
                ("a bucket", f"s3://{BUCKET}/o"),
            ):
                before = requests(log)
                cohorts, seconds = play(search, place / name / "first", outcomes)
                asked = (
                    f"{(requests(log) - before) / cohorts:.0f}" if "://" in str(outcomes) else "-"
                )
                again = "-"
                if outcomes:
                    trained, again_s = play(search, place / name / "second", outcomes)
                    again = (
                        f"{again_s:.1f}"
                        if trained == 0
                        else f"{trained} cohorts were trained again!"
                    )
                print(f"| {name} | {seconds / cohorts * 1e3:.0f} | {asked} | {again} |", flush=True)


if __name__ == "__main__":
    main()
