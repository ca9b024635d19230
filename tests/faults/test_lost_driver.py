"""The driver machine is lost with its disk.

A new one that runs the same search, with the same ``--outcomes``, trains no finished cohort again.
"""

from __future__ import annotations

import shutil
import signal
import socket
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from frontier_search import runner
from frontier_search.errors import SearchError, SpecError
from frontier_search.files import names_in
from frontier_search.session import Session
from frontier_search.storage import catalog, remote
from frontier_search.storage.locations import Locations
from frontier_search.storage.search_files import SearchFiles
from frontier_search.trial import Trial
from tests.faults import comparing
from tests.faults.searched import END_S, NAME, Searched, twin
from tests.support import postgres, processes, s3, toys

ARCHIVED_S = 120.0
FINISHED = 2  # cohorts, before the driver machine is lost


@pytest.fixture(scope="module")
def server() -> Iterator[s3.Server]:
    with s3.running() as server:
        yield server


@pytest.fixture
def outcomes() -> str:
    return f"s3://{s3.BUCKET}/{uuid.uuid4().hex}"


def archived(server: s3.Server, outcomes: str) -> dict[str, datetime]:
    """Returns key -> time of writing, of the recorded cohorts in the archive."""
    return server.written(f"{outcomes.removeprefix(f's3://{s3.BUCKET}/')}/{NAME}/told/0")


def lose_the_driver(searched: Searched, n_archived: Callable[[], int]) -> dict[int, Trial]:
    """Kills everything once FINISHED cohorts are recorded, and removes the home.

    Returns:
        the trials that were finished, by number.
    """
    process = searched.start()
    try:
        processes.until(
            lambda: n_archived() >= FINISHED or process.poll() is not None,
            ARCHIVED_S,
            "cohorts in the archive",
        )
        assert process.poll() is None, searched.said()
    finally:
        processes.end(process)
    trials = searched.trials()
    finished = {trial.number: trial for trial in trials if trial.state.finished}
    assert 0 < len(finished) < len(twin())
    shutil.rmtree(searched.home)
    return finished


@pytest.mark.parametrize("executor", ["inline", pytest.param("ray_tune", marks=pytest.mark.slow)])
def test_a_new_driver_replays_the_archive(
    executor: str, server: s3.Server, home: Path, outcomes: str
) -> None:
    first = Searched(home / "first", executor, ["--outcomes", outcomes], mirror=False)
    finished = lose_the_driver(first, lambda: len(archived(server, outcomes)))
    before = archived(server, outcomes)
    mirror = executor == "inline"  # it sees only the storage, so that one executor is enough
    again = Searched(
        home / "second", executor, ["--outcomes", outcomes], mirror, comparing.empty_database()
    )
    again.finish()
    trials = again.trials()
    assert {n: (trials[n].outcome, trials[n].reason) for n in finished} == {
        n: (t.outcome, t.reason) for n, t in finished.items()
    }
    after = archived(server, outcomes)
    assert {key: after[key] for key in before} == before  # and not written again
    assert again.problems(twin()) == []
    if not mirror:
        return
    pages = server.written(f"{outcomes.removeprefix(f's3://{s3.BUCKET}/')}/{NAME}/mlflow/")
    assert {Path(key).name for key in pages} >= {
        "frontier.html",
        "frontier.json",
        "search.yaml",
        "MLmodel",
    }
    assert not (again.home / "mlartifacts").exists()


@pytest.mark.slow
def test_a_new_driver_continues_with_a_database_that_survived(
    server: s3.Server, home: Path, outcomes: str
) -> None:
    with postgres.running() as database:
        flags = ["--outcomes", outcomes, "--storage", database.url]
        finished = lose_the_driver(
            Searched(home / "first", "inline", flags, mirror=False),
            lambda: len(archived(server, outcomes)),
        )
        again = Searched(home / "second", "inline", [*flags, "--resume"], mirror=False)
        again.finish()
        trials = again.trials()
        assert {number: trials[number].to_json() for number in finished} == {
            n: trial.to_json() for n, trial in finished.items()
        }
        assert again.problems(twin()) == []


def test_a_new_driver_replays_the_archive_in_a_shared_folder(home: Path) -> None:
    outcomes = str(home / "shared")
    archive = remote.folder(outcomes) / NAME / "told"
    first = Searched(home / "first", "inline", ["--outcomes", outcomes], mirror=False)
    finished = lose_the_driver(first, lambda: len(names_in(archive) - {"search.yaml"}))
    again = Searched(home / "second", "inline", ["--outcomes", outcomes], mirror=False)
    again.finish()
    trials = again.trials()
    assert {number: trials[number].outcome for number in finished} == {
        number: trial.outcome for number, trial in finished.items()
    }
    assert again.problems(twin()) == []


@pytest.mark.parametrize("location", ["folder", "bucket"])
def test_a_driver_that_was_cut_off_finds_that_another_owns_the_search(
    location: str, server: s3.Server, home: Path, outcomes: str
) -> None:
    """While it is stopped, as if by a network, another driver runs the search to its end."""
    outcomes = str(home / "shared") if location == "folder" else outcomes
    files = SearchFiles(remote.folder(outcomes) / NAME, exchanged=True)
    first = Searched(home / "first", "inline", ["--outcomes", outcomes], mirror=False)
    old = first.start()

    def cut_off_in_training() -> bool:
        """Stops the driver, and returns whether it has a cohort in training that is not archived.

        Otherwise it would have nothing to record when it wakes, and end as the new driver did.
        """
        if len(files.archive.indices()) < FINISHED:
            return False
        processes.kill([old.pid], signal.SIGSTOP)
        if any(
            "training" in names_in(files.outcomes.checkpoints(index))
            for index in set(files.outcomes.indices()) - files.archive.indices()
        ):
            return True
        processes.kill([old.pid], signal.SIGCONT)
        return False

    try:
        processes.until(
            lambda: cut_off_in_training() or old.poll() is not None,
            ARCHIVED_S,
            "a cohort in training, after others",
        )
        assert old.poll() is None, first.said()
        finished = {trial.number: trial for trial in first.trials() if trial.state.finished}
        second = Searched(home / "second", "inline", ["--outcomes", outcomes], mirror=False)
        new = second.start()
        assert new.wait(END_S) == 0, second.said()
        old.send_signal(signal.SIGCONT)
        assert old.wait(END_S) == 1, first.said()
    finally:
        processes.end(old)
    assert (
        f"process {new.pid} on {socket.gethostname()} has taken the search over, "
        f"with the outcomes in {outcomes}/{NAME}" in first.said()
    )
    assert {n: trial.to_json() for n, trial in ((n, first.trials()[n]) for n in finished)} == {
        n: t.to_json() for n, t in finished.items()
    }
    trials = second.trials()
    assert {n: trials[n].outcome for n in finished} == {n: t.outcome for n, t in finished.items()}
    second.finish()  # once more: removes the late outcome of the old driver's worker
    assert second.problems(twin()) == []


def test_outcomes_may_be_exchanged_in_the_home(home: Path) -> None:
    """For example on a shared disk. The archive is then beside the journal."""
    asked = toys.search()
    frontier = runner.conduct(
        catalog.define(asked, home, Locations.of(home, outcomes=str(home))), "inline", None, ()
    )
    entry = catalog.find(asked.name, home)
    assert entry.search == asked
    assert names_in(entry.files.root / "told") == {
        "00000.json",
        "00001.json",
        "00002.json",
        "search.yaml",
    }
    assert entry.files.models.numbers() == frontier.numbers()


def test_a_search_whose_bucket_stops_is_resumed_when_it_is_back(
    server: s3.Server, home: Path, outcomes: str
) -> None:
    asked = toys.search()
    runner.run(asked, home / "twin", "inline")
    entry = catalog.define(asked, home / "ours", Locations.of(home / "ours", outcomes=outcomes))

    def stop(session: Session) -> None:
        if sum(trial.state.finished for trial in session.trials) == asked.cohort:
            server.stop()

    try:
        with pytest.raises(SearchError, match=f"cannot read or write.*{outcomes}"):
            runner.conduct(entry, "inline", None, [stop])
        with pytest.raises(
            SpecError, match=f"--outcomes {outcomes}/toy-1 cannot be used: Could not connect"
        ):
            runner.resume(asked.name, entry.folder.home, "inline")
    finally:
        server.start()
    runner.resume(asked.name, entry.folder.home, "inline")
    whole = catalog.find(asked.name, home / "twin")
    assert [comparing.plain(t) for t in catalog.read_trials(entry)] == [
        comparing.plain(t) for t in catalog.read_trials(whole)
    ]


def test_another_search_of_the_lost_name_is_refused_before_anything_starts(
    server: s3.Server, home: Path, outcomes: str
) -> None:
    lose_the_driver(
        Searched(home / "first", "inline", ["--outcomes", outcomes], mirror=False),
        lambda: len(archived(server, outcomes)),
    )
    other = Searched(home / "second", "inline", ["--outcomes", outcomes], mirror=False, epochs=81)
    process = other.start()
    assert process.wait(ARCHIVED_S) == 2
    assert f"{outcomes}/{NAME} holds the outcomes of another search named '{NAME}'" in other.said()
    assert not other.folder.exists()
