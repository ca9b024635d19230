"""Measures what it costs to pass cohorts through a folder or a bucket, and to replay an archive.

    python benchmarks/exchange.py [--trials 1008] [--sampler tpe]

Only the training is left out. The session and its journal are real, and so is each file that a
worker reads and writes: one mark for each stack, the weights, the outcome. The S3 server is moto's,
in a separate process on loopback. It answers a request in about 2 ms. To estimate what a real
bucket costs, multiply its time for a request by the number of requests. *Again* is a new driver
machine with an empty disk and the same archive.
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

STACKS = 12  # of a cohort
SCALARS = 1000  # learned, of a model
BUCKET, START_TIMEOUT_S = "frontier", 60.0


@contextmanager
def server(log: Path) -> Iterator[None]:
    """Runs an S3 server with an empty bucket, and names it in this process's environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with log.open("wb") as output:
        options = ["-H", "127.0.0.1", "-p", url.rpartition(":")[2]]
        command = [sys.executable, "-m", "moto.server", *options]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        until = time.monotonic() + START_TIMEOUT_S
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
    """Returns the number of requests that the server has logged."""
    if not log.exists():
        return 0
    request = r'"(?:\x1b\[\d+m)*(?:GET|PUT|POST|HEAD|DELETE) '
    return len(re.findall(request, log.read_text(errors="replace")))


def work(dispatcher: Dispatcher, cohort: Cohort) -> None:
    """Does a worker's part, without the training."""
    queued = dispatcher.files.outcomes.queued(cohort.index)
    checkpoints = Checkpoints(dispatcher.files.outcomes.checkpoints(cohort.index))
    for stack in range(STACKS):
        checkpoints.begin(f"{stack}")
    weights = {number: np.zeros((5, SCALARS), dtype=np.float32) for number in queued.numbers}
    dispatcher.files.outcomes.write(
        queued, [outcome(candidate) for candidate in queued.candidates], weights
    )


def play(search: Search, home: Path, outcomes: str | None) -> tuple[int, float]:
    """Runs a search to its end. Returns how many cohorts were trained, and the seconds."""
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
        "| exchanged through | ms a cohort of 16, with ask and tell | requests a cohort "
        f"| {options.trials} trials again, s |"
    )
    print("|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        home, log = Path(folder), Path(folder) / "log"
        with server(log):
            for name, outcomes in (
                ("the search's folder", None),
                ("another folder", f"{home}/shared"),
                ("a bucket", f"s3://{BUCKET}/o"),
            ):
                before = requests(log)
                cohorts, seconds = play(search, home / name / "first", outcomes)
                asked = (
                    f"{(requests(log) - before) / cohorts:.0f}" if "://" in str(outcomes) else "-"
                )
                again = "-"
                if outcomes:
                    trained, again_s = play(search, home / name / "second", outcomes)
                    again = (
                        f"{again_s:.1f}"
                        if trained == 0
                        else f"{trained} cohorts were trained again!"
                    )
                print(f"| {name} | {seconds / cohorts * 1e3:.0f} | {asked} | {again} |", flush=True)


if __name__ == "__main__":
    main()
