"""What every storage keeps: what was told stays told, readers see it at once, and a cut at any byte loses the cut records alone."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import re
import resource
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
from frontier_search.storage.journal import JournalFile, heal
from frontier_search.storage.storage import BACKENDS, JOURNAL, Storage, open_storage, url_problem
from frontier_search.trial import Outcome, TrialState
from tests.support import fakes, toys

ASKED = toys.search(trials=12, cohort=4, in_flight=2)


class Place:
    """One storage that can be opened again and again."""

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
    """Starts the server of a back end when it is first asked for: ``tests/support`` has a module of the same name."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def started(scheme: str) -> Any:
            name = BACKENDS[scheme].open.__module__.rpartition(".")[2]
            return stack.enter_context(importlib.import_module(f"tests.support.{name}").running())

        yield started


@pytest.fixture(params=BACKENDS)
def place(
    request: pytest.FixtureRequest, servers: Callable[[str], Any], tmp_path: Path
) -> Iterator[Place]:
    """An empty storage of each kind, named as the back end shows its URLs."""
    shown = BACKENDS[request.param].shown.partition(" ")[0]
    if "HOST" in shown:
        server = servers(request.param)
        server.clear()
        opened = Place(server.url, tmp_path)
    else:
        opened = Place(shown.replace("PATH", str(tmp_path / "search.db")), tmp_path)
    yield opened
    opened.close()


def test_all_trials_are_read_back_equal(place: Place) -> None:
    live = place.session()
    fakes.play(live)
    assert {trial.state for trial in live.trials} == {TrialState.COMPLETE, TrialState.FAIL}
    again = place.session()
    assert repr(list(again.trials)) == repr(list(live.trials))  # repr: a nan is not equal to itself
    assert again.finished


def test_a_trial_that_was_told_twice_keeps_the_first(place: Place) -> None:
    live = place.session()
    cohort = live.ask()
    assert cohort is not None
    first = live.tell(cohort, fakes.train_all(live, cohort))
    members = live.frontier.members
    second = live.tell(cohort, [Outcome((), "told again")] * 4)
    assert repr(second) == repr(first)
    assert members and live.frontier.members == members
    assert repr(place.session().trials[:4]) == repr(first)
    store = place.open().optuna
    frozen = store.get_all_trials(store.get_study_id_from_name(ASKED.name))[0]
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        store.set_trial_state_values(frozen._trial_id, optuna.trial.TrialState.FAIL)


def test_a_reader_sees_what_a_live_session_writes(place: Place) -> None:
    live, reader = place.session(), place.open(writable=False)
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


def test_what_is_written_in_a_group_is_there_when_it_ends(place: Place) -> None:
    storage = place.open()
    with storage.group():
        study_id = storage.optuna.create_new_study(
            [optuna.study.StudyDirection.MINIMIZE], "grouped"
        )
        for number in range(3):
            storage.optuna.set_study_user_attr(study_id, f"key-{number}", number)
    reader = place.open(writable=False).optuna
    assert reader.get_study_user_attrs(reader.get_study_id_from_name("grouped")) == {
        "key-0": 0,
        "key-1": 1,
        "key-2": 2,
    }


def test_a_second_session_opens_the_study_of_the_first(place: Place) -> None:
    cohort = place.session().ask()
    assert place.session().ask() == cohort
    assert [study.study_name for study in place.open(writable=False).optuna.get_all_studies()] == [
        ASKED.name
    ]


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


def test_two_processes_that_make_the_same_database_both_get_it(place: Place) -> None:
    if place.url == JOURNAL:
        pytest.skip("a journal has one writer: the search's lock sees to it")
    command = [sys.executable, "-c", RACER, place.url, str(place.folder)]
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
    assert [study.study_name for study in place.open().optuna.get_all_studies()] == [ASKED.name]


HOLDER = """
import sys, time
from pathlib import Path
from frontier_search.storage.storage import open_storage
with open_storage(sys.argv[1], Path(sys.argv[2]), writable=True).held(sys.argv[3]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_search_is_held_by_one_process_whatever_its_home(place: Place) -> None:
    if place.url == JOURNAL:
        pytest.skip("a journal has one home: the folder's lock sees to it")
    command = [sys.executable, "-c", HOLDER, place.url, str(place.folder), ASKED.name]
    holder = subprocess.Popen(
        command, cwd=Path(toys.__file__).parents[2], text=True, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        words = f"search '{ASKED.name}' is already running in process {holder.pid} on {socket.gethostname()}"
        with pytest.raises(SpecError, match=re.escape(words)), place.open().held(ASKED.name):
            pass
        with place.open().held("another"):
            pass
    finally:
        holder.kill()
        holder.communicate()
    for _ in range(2):  # a process that was killed holds nothing, and neither does one that is done
        with place.open().held(ASKED.name):
            pass


def test_another_search_of_that_name_is_refused(place: Place) -> None:
    place.session()
    with pytest.raises(
        SpecError, match=f"another search named '{ASKED.name}'.*choose another --name"
    ):
        place.session(toys.search(epochs=3))
    assert (
        place.session(toys.search(trials=50)).search.trials == 50
    )  # a larger budget is the same search


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


# ---- the journal: what a crash leaves -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[dict[str, object]]]:
    """The journal and the trials of a search that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    live = Session(ASKED, open_storage(JOURNAL, folder, writable=True))
    fakes.play(live)
    return (folder / "journal.log").read_bytes(), fakes.plain(live)


def resume(folder: Path, content: bytes) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """What a session finds in a journal, and what it makes of it in the end."""
    (folder / "journal.log").write_bytes(content)
    live = Session(ASKED, open_storage(JOURNAL, folder, writable=True))
    found = fakes.plain(live)
    fakes.play(live)
    return found, fakes.plain(live)


def finished(trials: list[dict[str, object]]) -> str:
    return repr([trial for trial in trials if trial["state"] in ("complete", "fail")])


def test_heal_keeps_the_complete_records_wherever_the_cut_is(
    whole: tuple[bytes, object], tmp_path: Path
) -> None:
    journal, path = whole[0], tmp_path / "journal.log"
    for cut in (*range(1500), *range(len(journal) - 1500, len(journal) + 1)):
        path.write_bytes(journal[:cut])
        kept = journal.rfind(b"\n", 0, cut) + 1
        assert heal(path) == cut - kept
        assert path.read_bytes() == journal[:kept]


def test_a_cut_between_two_records_changes_nothing_in_the_end(
    whole: tuple[bytes, list[dict[str, object]]], tmp_path: Path
) -> None:
    journal, trials = whole
    lines = journal.splitlines(keepends=True)
    told = 0
    for cut in range(len(lines) + 1):
        found, end = resume(tmp_path, b"".join(lines[:cut]))
        assert repr(end) == repr(trials)
        now = sum(trial["state"] in ("complete", "fail") for trial in found)
        assert (
            told <= now <= told + 1
        )  # one record more is at most one trial more, and none is ever lost
        told = now
    assert told == len(trials)


def test_a_cut_at_any_byte_of_the_last_two_records_loses_them_alone(
    whole: tuple[bytes, list[dict[str, object]]], tmp_path: Path
) -> None:
    journal, trials = whole
    lines = journal.splitlines(keepends=True)
    for cut in range(len(journal) - len(lines[-1]) - len(lines[-2]), len(journal)):
        found, end = resume(tmp_path, journal[:cut])
        assert finished(found) == finished(
            trials[: len(trials) - (cut < len(journal) - len(lines[-1]))]
        )
        assert repr(end) == repr(trials)


@pytest.mark.parametrize("tail", [b"\0" * 4096, b"\0\0\n", b"{\n", b"42\n", b"\xff\xfe", b"\n\n"])
def test_rubbish_at_the_end_is_cut(
    whole: tuple[bytes, list[dict[str, object]]], tail: bytes, tmp_path: Path
) -> None:
    journal, trials = whole
    found, end = resume(tmp_path, journal + tail)
    assert repr(found) == repr(end) == repr(trials)
    assert (tmp_path / "journal.log").read_bytes().startswith(journal)


def test_a_journal_of_nothing_but_rubbish_starts_again(
    whole: tuple[bytes, list[dict[str, object]]], tmp_path: Path
) -> None:
    found, end = resume(tmp_path, b"\0" * 100)
    assert found == []
    assert repr(end) == repr(whole[1])


def test_a_reader_never_changes_the_file(whole: tuple[bytes, object], tmp_path: Path) -> None:
    torn = whole[0] + b'{"op_code'
    assert not (tmp_path / "journal.log").exists()
    assert open_storage(JOURNAL, tmp_path, writable=False).optuna.get_all_studies() == []
    assert not (tmp_path / "journal.log").exists()
    (tmp_path / "journal.log").write_bytes(torn)
    reader = open_storage(JOURNAL, tmp_path, writable=False)
    assert len(reader.optuna.get_all_trials(0)) == ASKED.trials
    with pytest.raises(SearchError, match="opened for reading"):
        reader.optuna.set_study_user_attr(0, "key", "value")
    assert (tmp_path / "journal.log").read_bytes() == torn


def test_a_reader_waits_for_the_end_of_a_record_that_is_being_written(
    whole: tuple[bytes, object], tmp_path: Path
) -> None:
    lines, path = whole[0].splitlines(keepends=True), tmp_path / "journal.log"
    reader = JournalFile(path, writable=False)
    content = b""
    for read, line in enumerate(lines):
        path.write_bytes(content + line[: len(line) // 2])
        assert list(reader.read_logs(read)) == []
        content += line
        path.write_bytes(content)
        assert len(list(reader.read_logs(read))) == 1
    assert len(list(reader.read_logs(0))) == len(lines)


def test_a_cohort_is_flushed_to_the_disk_once_when_asked_and_once_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, flushed, fsync = (
        Session(ASKED, open_storage(JOURNAL, tmp_path, writable=True)),
        [],
        os.fsync,
    )

    def count(descriptor: int) -> None:
        flushed.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", count)
    size = (tmp_path / "journal.log").stat
    cohort = live.ask()
    assert cohort is not None
    assert flushed == [size().st_size]
    live.tell(cohort, fakes.train_all(live, cohort))
    assert flushed[1:] == [size().st_size]


def test_a_full_disk_takes_no_part_of_a_record(tmp_path: Path) -> None:
    live = Session(ASKED, open_storage(JOURNAL, tmp_path, writable=True))
    journal = tmp_path / "journal.log"
    before = journal.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (len(before) + 100, limits[1])
        )  # room for a part of the first proposal
        with pytest.raises(OSError, match="File too large"):
            live.ask()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert journal.read_bytes() == before
    again = Session(ASKED, open_storage(JOURNAL, tmp_path, writable=True))
    fakes.play(again)
    assert again.finished
