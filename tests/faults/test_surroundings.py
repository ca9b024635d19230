"""What a search needs fails: a full disk, a stopped database, no MLflow, files cut short."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from frontier_search.storage.storage import JOURNAL
from tests.faults import comparing
from tests.faults.harness import GROUP, Chain
from tests.faults.moments import Moment
from tests.faults.searched import NAME, Searched, twin
from tests.faults.test_interruption import RECORDED, in_training
from tests.support import postgres, processes

LONG = {"trials": 12, "epochs": 1000}  # a search that trains long enough for a test to interrupt it
DISK_MB = 24


# ---- the disk ------------------------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of DISK_MB megabytes."""
    with comparing.folder() as path:
        mount = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        if mount.returncode:
            pytest.skip(
                f"a disk of {DISK_MB} MB cannot be mounted ({mount.stderr.strip()}): "
                "a full disk is NOT tested"
            )
        try:
            yield path
        finally:
            subprocess.run(["umount", "--lazy", str(path)], check=False)


def fill(disk: Path) -> Path:
    """Fills a disk with one file, and returns its path."""
    path = disk / "filler"
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(512))
    return path


@pytest.mark.parametrize("executor", ["inline", pytest.param("ray_tune", marks=pytest.mark.slow)])
def test_a_full_disk_stops_the_search_and_loses_nothing(
    executor: str, small_disk: Path, home: Path
) -> None:
    searched = Searched(
        small_disk / "home",
        executor,
        mirror=executor == "ray_tune",
        database=comparing.empty_database(),
        **LONG,
    )
    searched.log = home / "log"
    process = searched.start()
    in_training(searched, process)
    mirrors = processes.mirrors(process)
    filler = fill(small_disk)
    try:
        assert process.wait(90) == 1, searched.said()
    finally:
        processes.end(process)
    assert "No space left on device" in searched.said()
    command = searched.entry.folder.resume_command
    assert f"everything finished is kept. Resume with:\n    {command}\n" in searched.said()
    assert "Traceback" not in searched.said()
    searched.executor = "inline"
    processes.until(
        lambda: not any(map(processes.alive, mirrors)),
        60,
        "the mirror ends, and frees what it had opened on the disk",
    )
    fill(small_disk)
    again = searched.start()
    assert again.wait(60) in (1, 2)
    assert searched.said().count("No space left on device") >= 2
    filler.unlink()
    searched.end_as(twin(**LONG), finished=RECORDED[executor])


# ---- the database --------------------------------------------------------------------------------


def test_a_search_whose_database_stops_is_resumed_when_it_is_back(home: Path) -> None:
    with postgres.running() as server:
        searched = Searched(home, "inline", ["--storage", server.url], mirror=False, **LONG)
        process = searched.start()
        in_training(searched, process)
        server.stop()
        try:
            assert process.wait(60) == 1, searched.said()
        finally:
            processes.end(process)
        said = searched.said()
        assert f"the storage {server.url} failed: " in said
        command = searched.entry.folder.resume_command
        assert f"everything finished is kept. Resume with:\n    {command}\n" in said
        assert "Traceback" not in said
        assert searched.start().wait(90) == 1
        assert f"cannot open the storage {server.url}: " in searched.said()
        server.start()
        searched.end_as(twin(**LONG), finished=RECORDED["inline"])


@pytest.mark.slow
def test_a_database_that_restarts_during_training_is_not_noticed(home: Path) -> None:
    with postgres.running() as server:
        searched = Searched(home, "inline", ["--storage", server.url], mirror=False, **LONG)
        process = searched.start()
        in_training(searched, process)
        processes.kill([process.pid], signal.SIGSTOP)  # the restart is over before it writes again
        server.stop()
        server.start()
        processes.kill([process.pid], signal.SIGCONT)
        assert process.wait(120) == 0, searched.said()
        assert searched.problems(twin(**LONG)) == []


# ---- MLflow --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_search_does_not_notice_that_mlflow_is_down_and_sync_completes_it(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    uri = f"http://127.0.0.1:{port}"
    searched = Searched(home, "inline", ["--tracking-uri", uri], **LONG)
    searched.finish()
    assert (
        f"the MLflow mirror is behind (see {searched.folder}/mirror.log); "
        f"complete it with `frontier-search sync {NAME}" in searched.said()
    )
    down = processes.start(["sync", NAME, "--home", home], home / "down")
    assert down.wait(60) == 1
    assert f"MLflow at {uri} cannot be brought up to date" in (home / "down").read_text()
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    command += [
        "--backend-store-uri",
        f"sqlite:///{comparing.empty_database()}",
        "--artifacts-destination",
        str(home / "artifacts"),
    ]
    with (home / "server").open("wb") as log:
        server = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        )
    try:
        processes.until(lambda: listens(port), 90, "MLflow's server answers")
        for name in ("up", "again"):
            assert processes.start(["sync", NAME, "--home", home], home / name).wait(120) == 0, (
                home / name
            ).read_text()
        assert searched.problems(twin(**LONG)) == []
    finally:
        processes.end(server)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# ---- files ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_journal_and_an_outcome_cut_short_cost_only_their_cohorts(home: Path) -> None:
    chain = Chain(
        Searched(home, "inline", database=comparing.empty_database(), **LONG),
        0,
        twin(**LONG),
    )
    assert chain.kill(Moment("training", 3), GROUP)
    searched = chain.searched
    cohort = max(searched.folder.glob("outcomes/*"))
    queued = json.loads((cohort / "cohort.json").read_bytes())
    (cohort / "outcome.json").write_text(json.dumps({"cohort": queued, "outcomes": []})[:-20])
    journal = searched.folder / f"{JOURNAL}.log"
    journal.write_bytes(journal.read_bytes()[:-7])
    assert all(kill.good for kill in chain.finish()), chain.kills
