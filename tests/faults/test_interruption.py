"""Ctrl-C, SIGTERM, two processes for one search, and the lock of a dead process.

Tests wait for the search's own files or processes, and stop what must not proceed meanwhile. So a
loaded machine only makes them slower.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from frontier_search.storage import catalog
from frontier_search.storage.folder import SearchFolder
from tests.faults import comparing
from tests.faults.searched import END_S, NAME, Searched, twin
from tests.support import processes
from tests.support.processes import Process

STOP_S = 10.0  # the promised limit for the first Ctrl-C
LONG = {"trials": 12, "epochs": 300}  # a search that trains long enough for a test to interrupt it
# Trials that are recorded at least once its third cohort is in training. Its first cohorts have two
# trials. A for loop has recorded both earlier ones, and workers may still train the second.
RECORDED = {"inline": 4, "ray_tune": 2}


def in_training(searched: Searched, process: Process, cohort: int = 2) -> None:
    """Waits until a cohort is in training; cohorts 0 to cohort - in_flight are recorded by then."""
    path = searched.folder / "outcomes" / f"{cohort:05d}" / "checkpoints" / "training"
    processes.until(
        lambda: path.exists() or process.poll() is not None, END_S, "training", every_s=0.002
    )
    assert process.poll() is None, searched.said()


def stop(process: Process, *signals: int, group: bool = False) -> float:
    """Sends signals, 50 ms apart, and waits.

    Args:
        group: whether to send them to the process group, as a terminal does.

    Returns:
        seconds until the process had ended.
    """
    begin = time.monotonic()
    try:
        for number in signals:
            (os.killpg if group else os.kill)(process.pid, number)
            time.sleep(0.05)
        process.wait(60)
    finally:
        taken = time.monotonic() - begin
        processes.end(process)
    return taken


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)],
    ids=lambda s: "+".join(x.name for x in s),
)
def test_a_search_in_one_process_stops_in_time_and_says_how_to_resume(
    signals: tuple[int, ...], home: Path
) -> None:
    mirror = signals == (signal.SIGINT,)  # it sees only the storage, so that one way is enough
    searched = Searched(home, "inline", mirror=mirror, database=comparing.empty_database(), **LONG)
    process = searched.start()
    in_training(searched, process)
    assert stop(process, *signals, group=signals[0] == signal.SIGINT) < STOP_S
    assert process.returncode == 130
    assert f"frontier-search resume {NAME} --home {home}" in searched.said()
    if len(signals) == 1:
        command = searched.entry.folder.resume_command
        words = f"interrupted; everything finished is kept. Resume with:\n    {command}\n"
        assert words in searched.said()
    searched.end_as(twin(**LONG), finished=RECORDED["inline"])


MOMENTS: dict[str, Callable[[Searched, Process], object]] = {
    "the handlers are set": lambda searched, process: processes.catches(process, signal.SIGTERM),
    "something is written": lambda searched, process: searched.folder.exists(),
    "the search is defined": lambda searched, process: (searched.folder / "search.yaml").exists(),
    "the GCS starts": lambda searched, process: processes.find(process, "gcs/gcs_server"),
    "the raylet starts": lambda searched, process: processes.find(process, "raylet/raylet"),
    "a worker starts": lambda searched, process: processes.find(process, "default_worker.py"),
    "the first cohort is asked for": lambda searched, process: (
        searched.folder / "outcomes"
    ).exists(),
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize(
    ("executor", "moment"),
    [("inline", moment) for moment in list(MOMENTS)[:3]]
    + [pytest.param("ray_tune", moment, marks=pytest.mark.slow) for moment in list(MOMENTS)[3:]],
)
def test_a_search_is_stopped_while_it_starts(
    executor: str, moment: str, number: int, home: Path
) -> None:
    searched = Searched(home, executor, database=comparing.empty_database(), epochs=4000)
    process = searched.start()
    processes.until(
        lambda: MOMENTS[moment](searched, process) or process.poll() is not None,
        90,
        moment,
        every_s=0.001,
    )
    below = [
        pid for pid in processes.descendants(process.pid) if pid not in processes.mirrors(process)
    ]
    assert stop(process, number, group=number == signal.SIGINT) < STOP_S
    processes.kill(below)
    said = searched.said()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    defined = (searched.folder / "search.yaml").exists()
    assert defined or list(MOMENTS).index(moment) < 2
    assert (f"Resume with:\n    {SearchFolder(home, NAME).resume_command}\n" in said) == defined
    assert ("interrupted; nothing was begun." in said) != defined


def test_ctrl_c_while_the_mirror_catches_up_loses_nothing(home: Path) -> None:
    searched = Searched(home, "inline", database=comparing.empty_database(), trials=4)
    process = searched.start()
    processes.until(lambda: processes.mirrors(process), 60, "the mirror starts", every_s=0.005)
    mirror = processes.mirrors(process)
    processes.kill(mirror, signal.SIGSTOP)  # the driver waits for it
    processes.until(
        lambda: len(searched.trials()) == 4 and all(t.state.finished for t in searched.trials()),
        60,
        "trained",
    )
    assert stop(process, signal.SIGINT) < STOP_S
    assert process.returncode == 130
    said = searched.said()  # the answer may be printed by then, or not yet
    assert "frontier-search sync killed" in said or "Resume with:" in said
    processes.kill(mirror, signal.SIGCONT)
    processes.until(
        lambda: not any(map(processes.alive, mirror)), END_S, "the mirror ends by itself"
    )
    # Ctrl-C may come between the recording of a cohort and the removal of its files, which
    # ``resume`` then removes
    assert [words for words in comparing.stuck(searched.entry) if "outcomes" not in words] == []
    searched.finish()
    assert comparing.stuck(searched.entry) == []
    assert comparing.disagreements(searched.entry, searched.trials()) == []


def test_a_second_driver_is_refused_and_a_stale_lock_is_taken_over(home: Path) -> None:
    searched = Searched(home, "inline", mirror=False, **LONG)
    process = searched.start()
    in_training(searched, process)
    processes.kill([process.pid], signal.SIGSTOP)  # it cannot end before the others have tried
    tries = (["resume", NAME], ["resume", NAME, "--trials", 99], ["run", home / "question.yaml"])
    seconds = [
        processes.start([*tried, "--home", home, "--executor", "inline"], home / f"second-{i}")
        for i, tried in enumerate(tries)
    ]
    codes = [second.wait(END_S) for second in seconds]
    said = "".join((home / f"second-{i}").read_text() for i in range(len(tries)))
    assert codes == [2, 2, 2], said
    running = f"is already running in process {process.pid} on {socket.gethostname()}"
    assert said.count(f"search {NAME!r} {running}; wait for it or stop it.") == 2
    assert (
        f"a search named {NAME!r} exists in {home}. "
        f"Continue it with `frontier-search resume {NAME} --home {home}`" in said
    )
    processes.kill([process.pid], signal.SIGCONT)
    assert process.poll() is None  # it was not disturbed
    processes.end(process)
    lock = json.loads((searched.folder / "session.lock").read_text())
    assert lock["pid"] == process.pid  # a process that is dead
    searched.end_as(twin(**LONG), finished=RECORDED["inline"])


def test_a_search_that_two_processes_define_at_once_is_one_search(home: Path) -> None:
    arguments = [
        "run",
        "--dataset",
        "iris",
        "--families",
        "dense",
        "--trials",
        4,
        "--epochs",
        2,
        "--name",
        NAME,
        "--home",
        home,
    ]
    arguments += ["--executor", "inline", "--no-mirror"]
    both = [processes.start([*arguments, "--seed", seed], home / f"log-{seed}") for seed in (1, 2)]
    codes = [process.wait(END_S) for process in both]
    said = [(home / f"log-{seed}").read_text() for seed in (1, 2)]
    assert sorted(codes) == [0, 2], said
    assert (
        "already running in process" in said[codes.index(2)] or "exists in" in said[codes.index(2)]
    )
    assert catalog.find(NAME, home).search.seed == codes.index(0) + 1
    again = processes.start(
        ["resume", NAME, "--home", home, "--executor", "inline", "--no-mirror"], home / "again"
    )
    assert again.wait(END_S) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)],
    ids=lambda s: "+".join(x.name for x in s),
)
def test_a_search_on_ray_stops_in_time_and_says_how_to_resume(
    signals: tuple[int, ...], home: Path
) -> None:
    searched = Searched(home, "ray_tune", database=comparing.empty_database(), **LONG)
    process = searched.start()
    in_training(searched, process)
    below = [
        pid for pid in processes.descendants(process.pid) if pid not in processes.mirrors(process)
    ]
    assert stop(process, *signals, group=True) < (STOP_S if len(signals) == 1 else 2.0)
    assert process.returncode == 130
    if len(signals) == 1:
        assert f"Resume with:\n    {searched.entry.folder.resume_command}" in searched.said()
    processes.kill(below)
    searched.end_as(twin(**LONG), finished=RECORDED["ray_tune"])
