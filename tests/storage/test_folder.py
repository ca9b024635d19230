"""The folder of a search: its names, and its lock, which the system frees when its holder dies."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.errors import SpecError
from frontier_search.spec import NAME, name_problem
from frontier_search.storage.folder import SearchFolder, names, prepare_home

HOLD = """
import sys
from pathlib import Path
from frontier_search.storage.folder import SearchFolder
with SearchFolder(Path(sys.argv[1]), "held").lock():
    print("holding", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path: Path) -> SearchFolder:
    (tmp_path / "held").mkdir()
    return SearchFolder(tmp_path, "held")


@pytest.fixture
def holder(folder: SearchFolder) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "holding\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_a_second_process_is_refused_with_the_holder(
    folder: SearchFolder, holder: subprocess.Popen[str]
) -> None:
    who = f"process {holder.pid} on {socket.gethostname()}"
    assert folder.holder() == who
    with (
        pytest.raises(
            SpecError, match=f"search 'held' is already running in {who}; wait for it or stop it"
        ),
        folder.lock(),
    ):
        pytest.fail("two processes hold the lock")


def test_the_lock_of_a_killed_process_is_free(
    folder: SearchFolder, holder: subprocess.Popen[str]
) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert folder.holder() is None
    with folder.lock():
        assert folder.holder() == f"process {os.getpid()} on {socket.gethostname()}"


def test_the_lock_is_free_after_the_block_whether_it_fails_or_not(folder: SearchFolder) -> None:
    assert folder.holder() is None
    with pytest.raises(KeyError), folder.lock():
        raise KeyError
    assert folder.holder() is None
    with folder.lock():
        assert folder.holder() is not None
    with (
        folder.lock(),
        pytest.raises(SpecError, match=f"already running in process {os.getpid()}"),
        folder.lock(),
    ):
        pytest.fail("the lock is held twice")


def test_a_reader_that_checks_the_lock_does_not_hold_it(
    folder: SearchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.path / "session.lock").touch()
    with (folder.path / "session.lock").open() as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        monkeypatch.setattr("time.sleep", lambda seconds: fcntl.flock(reader, fcntl.LOCK_UN))
        with folder.lock():
            assert folder.holder() == f"process {os.getpid()} on {socket.gethostname()}"


def test_an_unreadable_holder_is_another_process(folder: SearchFolder) -> None:
    with folder.lock():
        (folder.path / "session.lock").write_text("rubbish")
        assert folder.holder() == "another process"


def test_asking_who_holds_a_search_that_never_ran_makes_no_file(folder: SearchFolder) -> None:
    assert folder.holder() is None
    assert list(folder.path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "digits-1", "A.b_c-9", "0", "x" * 64, "1.5"])
def test_legal_names(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".hidden",
        "-rf",
        "_x",
        "a/b",
        "a b",
        "é",
        "a\n",
        "x" * 65,
        "a\0",
        "~",
        "a:b",
        "C:\\x",
    ],
)
def test_illegal_names(name: str) -> None:
    assert name_problem(name) == (
        f"the name {name!r} cannot name a folder; use letters, digits, '.', '_' and '-', at most"
        " 64, starting with a letter or a digit."
    )


@given(st.from_regex(NAME, fullmatch=True))
def test_a_legal_name_stays_under_its_home(name: str) -> None:
    home = Path("/home/of/searches")
    assert SearchFolder(home, name).path.resolve().parent == home


def test_searches_are_listed_by_name_once_they_are_defined(tmp_path: Path) -> None:
    assert names(tmp_path) == []
    assert names(tmp_path / "nosuch") == []
    for name in ("b", "a", "undefined"):
        (tmp_path / name).mkdir()
    (tmp_path / "mlflow.db").touch()
    SearchFolder(tmp_path, "b").search_file.touch()
    SearchFolder(tmp_path, "a").search_file.touch()
    assert names(tmp_path) == ["a", "b"]
    with pytest.raises(SpecError, match="unknown search 'undefined'. Allowed: a, b"):
        SearchFolder(tmp_path, "undefined").require()
    SearchFolder(tmp_path, "a").require()


def test_an_empty_home_is_refused_with_the_command_that_starts_a_search(tmp_path: Path) -> None:
    with pytest.raises(
        SpecError,
        match=r"there is no search in .*; start one with `frontier-search run`,"
        " or name its folder with --home",
    ):
        SearchFolder(tmp_path, "digits-1").require()


def test_a_home_is_made_and_kept_empty(tmp_path: Path) -> None:
    prepare_home(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/home")):
        with pytest.raises(
            SpecError,
            match=f"cannot write to --home {home}: "
            ".*Give a folder that you may write to and that has room",
        ):
            prepare_home(home)
