"""The contract of a back end: finished trials are kept, readers see writes at once, and one process
holds a search."""

from __future__ import annotations

import contextlib
import functools
import importlib
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from frontier_search.errors import SearchError, SpecError
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import records
from frontier_search.storage.storage import BACKENDS, JOURNAL, Storage, open_storage, url_problem
from frontier_search.trial import Outcome, TrialState
from tests.support import fakes, toys

ASKED = toys.search(trials=12, cohort=4, in_flight=2)


class Location:
    """The location of a storage, which can be opened several times."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

        self._opened: list[Storage] = []

    def open(self, writable: bool = True) -> Storage:
        self._opened.append(open_storage(self.url, self.folder, writable))
        return self._opened[-1]

    def close(self) -> None:
        for storage in self._opened:
            storage.close()

    def session(self, asked: Search = ASKED) -> Session:
        return Session(asked, self.open())


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[str], Any]]:
    """Starts the server of a back end at its first use.

    The module of ``tests/support`` with the same name as the back end's module runs the server.
    """
    with contextlib.ExitStack() as stack:

        @functools.cache
        def started(scheme: str) -> Any:
            name = BACKENDS[scheme].open.__module__.rpartition(".")[2]
            return stack.enter_context(importlib.import_module(f"tests.support.{name}").running())

        yield started


@pytest.fixture(params=BACKENDS)
def location(
    request: pytest.FixtureRequest, servers: Callable[[str], Any], tmp_path: Path
) -> Iterator[Location]:
    """An empty storage of each back end, at a URL of the form that the back end shows."""
    shown = BACKENDS[request.param].shown.partition(" ")[0]
    if "HOST" in shown:
        server = servers(request.param)
        server.clear()
        opened = Location(server.url, tmp_path)
    else:
        opened = Location(shown.replace("PATH", str(tmp_path / "search.db")), tmp_path)
    yield opened
    opened.close()


def test_all_trials_are_read_back_equal(location: Location) -> None:
    live = location.session()
    fakes.play(live)
    assert {trial.state for trial in live.trials} == {TrialState.COMPLETE, TrialState.FAIL}
    again = location.session()
    # repr, because a nan is not equal to itself
    assert repr(list(again.trials)) == repr(list(live.trials))
    assert again.finished


def test_a_trial_that_is_recorded_twice_keeps_the_first_outcome(location: Location) -> None:
    live = location.session()
    cohort = live.ask()
    assert cohort is not None
    first = live.tell(cohort, fakes.train_all(live, cohort))
    members = live.frontier.members
    second = live.tell(cohort, [Outcome((), "recorded again")] * 4)
    assert repr(second) == repr(first)
    assert members and live.frontier.members == members
    assert repr(location.session().trials[:4]) == repr(first)
    store = location.open().optuna
    frozen = store.get_all_trials(store.get_study_id_from_name(ASKED.name))[0]
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        store.set_trial_state_values(frozen._trial_id, optuna.trial.TrialState.FAIL)


def test_a_reader_sees_what_a_live_session_writes(location: Location) -> None:
    live, reader = location.session(), location.open(writable=False)
    study_id = reader.optuna.get_study_id_from_name(ASKED.name)

    def read() -> list[str]:
        return [
            str(records.read(frozen, live.objectives).state)
            for frozen in reader.optuna.get_all_trials(study_id)
        ]

    assert read() == []
    cohort = live.ask()
    assert cohort is not None
    assert read() == ["running"] * 4
    live.tell(cohort, fakes.train_all(live, cohort))
    assert read() == [str(trial.state) for trial in live.trials]
    assert "running" not in read()


def test_writes_of_a_group_are_visible_when_it_ends(location: Location) -> None:
    storage = location.open()
    with storage.group():
        study_id = storage.optuna.create_new_study(
            [optuna.study.StudyDirection.MINIMIZE], "grouped"
        )
        for number in range(3):
            storage.optuna.set_study_user_attr(study_id, f"key-{number}", number)
    reader = location.open(writable=False).optuna
    assert reader.get_study_user_attrs(reader.get_study_id_from_name("grouped")) == {
        "key-0": 0,
        "key-1": 1,
        "key-2": 2,
    }


def test_a_second_session_opens_the_study_of_the_first(location: Location) -> None:
    cohort = location.session().ask()
    assert location.session().ask() == cohort
    assert [
        study.study_name for study in location.open(writable=False).optuna.get_all_studies()
    ] == [ASKED.name]


RACER = """
import sys
from pathlib import Path
import alembic.command, optuna.storages._rdb.models
from frontier_search.session import Session
from frontier_search.storage.storage import open_storage
from tests.support import toys
asked = toys.search()
print("ready", flush=True)
sys.stdin.readline()
print(Session(asked, open_storage(sys.argv[1], Path(sys.argv[2]), writable=True)).trials)
"""


def test_two_processes_that_make_the_same_database_both_get_it(location: Location) -> None:
    if location.url == JOURNAL:
        pytest.skip("a journal has one writer, which holds the search's lock")
    command = [sys.executable, "-c", RACER, location.url, str(location.folder)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    racers = [
        subprocess.Popen(command, cwd=Path(toys.__file__).parents[2], text=True, **pipes)
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    results = [racer.communicate(timeout=60) for racer in racers]
    assert [out for out, _ in results] == ["[]\n", "[]\n"], results
    assert [study.study_name for study in location.open().optuna.get_all_studies()] == [ASKED.name]


HOLDER = """
import sys, time
from pathlib import Path
from frontier_search.storage.storage import open_storage
with open_storage(sys.argv[1], Path(sys.argv[2]), writable=True).held(sys.argv[3]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_search_is_held_by_one_process_whatever_its_home(location: Location) -> None:
    if location.url == JOURNAL:
        pytest.skip("a journal has one home, whose lock holds the search")
    command = [sys.executable, "-c", HOLDER, location.url, str(location.folder), ASKED.name]
    holder = subprocess.Popen(
        command, cwd=Path(toys.__file__).parents[2], text=True, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        process = f"process {holder.pid} on {socket.gethostname()}"
        words = f"search '{ASKED.name}' is already running in {process}"
        with pytest.raises(SpecError, match=re.escape(words)), location.open().held(ASKED.name):
            pass
        with location.open().held("another"):
            pass
    finally:
        holder.kill()
        holder.communicate()
    for _ in range(2):  # neither a killed process nor a closed block holds the search
        with location.open().held(ASKED.name):
            pass


def test_another_search_of_that_name_is_refused(location: Location) -> None:
    location.session()
    with pytest.raises(
        SpecError, match=f"another search named '{ASKED.name}'.*choose another --name"
    ):
        location.session(toys.search(epochs=3))
    larger = toys.search(trials=50)  # a larger budget is the same search
    assert location.session(larger).search.trials == 50


def test_an_unknown_kind_of_storage_is_refused(tmp_path: Path) -> None:
    for url in ("mysql://host/db", "sqlite:/relative.db", "", "postgres://host/db"):
        with pytest.raises(
            SpecError,
            match=r"unknown storage .* Allowed: journal .*, sqlite:///PATH, postgresql\+psycopg://",
        ):
            open_storage(url, tmp_path, writable=True)
    for backend in BACKENDS.values():
        assert url_problem(backend.shown.partition(" ")[0]) is None


def test_a_database_that_cannot_be_opened_stops_the_search(tmp_path: Path) -> None:
    with pytest.raises(
        SearchError,
        match="cannot open the storage sqlite:////.*no-such-folder.*unable to open database file",
    ):
        open_storage(f"sqlite:///{tmp_path}/no-such-folder/search.db", tmp_path, writable=True)
