"""Ray's parts die or hang: a worker, all workers, the raylet, the GCS.

The search continues by itself, or stops in time and is resumed.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import comparing
from tests.faults.searched import END_S, Searched, twin
from tests.faults.test_interruption import in_training
from tests.support import processes
from tests.support.processes import Process

LONG = {"trials": 10, "epochs": 500}  # a cohort is in training for about a second
NOTICED_S = 30.0
WORKER, RAYLET, GCS = "ray::ResourceTrainable", "raylet/raylet", "gcs/gcs_server"
WORDS = {RAYLET: ("Ray has no live node", "Ray does not end"), GCS: ("Ray has not answered for",)}


@pytest.fixture(params=[2], ids=["2 workers"])
def searched(request: pytest.FixtureRequest, torch_trains: None, home: Path) -> Searched:
    """A search on as many workers as the parameter says."""
    return Searched(home, "ray_tune", mirror=False, workers=request.param, **LONG)


@pytest.fixture
def process(searched: Searched) -> Iterator[Process]:
    """The search's process, when its third cohort is in training."""
    live = searched.start()
    try:
        in_training(searched, live, cohort=2)
        yield live
    finally:
        processes.end(live)


@pytest.mark.parametrize(
    "which", ["one worker", pytest.param("all workers", marks=pytest.mark.slow)]
)
def test_workers_that_die_are_replaced_and_their_cohorts_trained_again(
    which: str, searched: Searched, process: Process
) -> None:
    found = processes.find(process, WORKER)
    processes.kill(found, signal.SIGSTOP)  # none of them ends its cohort meanwhile
    workers = processes.find(process, f"{WORKER}.train")
    assert workers
    processes.kill(workers if which == "all workers" else workers[:1])
    processes.kill(found, signal.SIGCONT)
    assert process.wait(END_S) == 0, searched.said()
    assert searched.said().count("; it is trained again") == (
        len(workers) if which == "all workers" else 1
    )
    assert searched.problems(twin(**LONG)) == []


@pytest.mark.parametrize(
    ("part", "number"),
    [
        (RAYLET, signal.SIGSTOP),
        pytest.param(GCS, signal.SIGSTOP, marks=pytest.mark.slow),
        pytest.param(GCS, signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param(RAYLET, signal.SIGKILL, marks=pytest.mark.slow),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else value.rpartition("/")[2],
)
@pytest.mark.parametrize("searched", [1], indirect=True, ids=["1 worker"])
def test_a_part_of_ray_that_dies_or_hangs_stops_the_search_in_time(
    part: str, number: int, searched: Searched, process: Process
) -> None:
    # A worker that trains needs neither part, and would finish the search before they are missed.
    processes.kill(processes.find(process, WORKER), signal.SIGSTOP)
    below = processes.descendants(process.pid)
    parts = processes.find(process, part)
    assert len(parts) == 1
    begin = time.monotonic()
    processes.kill(parts, number)
    code = process.wait(NOTICED_S)
    waited_s = time.monotonic() - begin
    print(f"{part} {signal.Signals(number).name}: exit code {code} after {waited_s:.1f} s")  # noqa: T201
    processes.kill(below, signal.SIGCONT)
    processes.kill(below)
    said = searched.said()
    assert said.startswith(
        f"stop at any time; resume with: {searched.entry.folder.resume_command}\n"
    )
    assert "Traceback" not in said
    assert "SIGTERM received" not in said  # Ray's own handler would abort the driver 3 s later
    # Ray's native code often ends a driver whose raylet is killed, before we can say anything.
    is_ended_by_ray = part == RAYLET and number == signal.SIGKILL and code == 1
    if not is_ended_by_ray:
        assert code == 130
        assert any(words in said for words in WORDS[part])
        assert "everything finished is kept" in said
        assert f"Resume with:\n    {searched.entry.folder.resume_command}\n" in said
    searched.end_as(twin(**LONG))


@pytest.mark.slow
def test_a_half_trained_cohort_continues_from_its_checkpoints_when_its_worker_dies() -> None:
    spec = {"trials": 2, "cohort": 2, "families": ["kronecker"], "epochs": 8000}
    with comparing.folder() as home:
        searched = Searched(home, "ray_tune", mirror=False, **spec)
        process = searched.start()
        try:
            checkpoints = searched.folder / "outcomes" / "00000" / "checkpoints"
            processes.until(
                lambda: list(checkpoints.glob("*.npz")),
                90,
                "a checkpoint, ten seconds after the start of training",
            )
            processes.kill(processes.find(process, f"{WORKER}.train"))
            killed = time.time()
            assert process.wait(300) == 0, searched.said()
        finally:
            processes.end(process)
        assert "; it is trained again" in searched.said()
        trials = searched.trials()
        trained_s, since_s = (
            sum(trial.to_json()["seconds"] for trial in trials),
            max(trial.finished_at or 0 for trial in trials) - killed,
        )
        after = f"{since_s:.1f} s after the worker died, its start included"
        print(f"{trained_s:.1f} s of training, of which {after}")  # noqa: T201
        assert searched.problems(twin(**spec)) == []
