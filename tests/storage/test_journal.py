"""A journal after a crash: a cut at any byte loses only the records that were cut."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from frontier_search.errors import SearchError
from frontier_search.session import Session
from frontier_search.storage.journal import JournalFile, heal
from frontier_search.storage.storage import JOURNAL, open_storage
from tests.support import fakes, toys

ASKED = toys.search(trials=12, cohort=4, in_flight=2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[dict[str, object]]]:
    """The journal and the trials of a search that was not interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    live = Session(ASKED, open_storage(JOURNAL, folder, writable=True))
    fakes.play(live)
    return (folder / "journal.log").read_bytes(), fakes.plain(live)


def resume(folder: Path, content: bytes) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Returns the trials that a session finds in a journal, and its trials when it has ended."""
    (folder / "journal.log").write_bytes(content)
    live = Session(ASKED, open_storage(JOURNAL, folder, writable=True))
    found = fakes.plain(live)
    fakes.play(live)
    return found, fakes.plain(live)


def finished(trials: list[dict[str, object]]) -> str:
    return repr([trial for trial in trials if trial["state"] in ("complete", "pruned", "fail")])


def test_heal_keeps_the_complete_records_wherever_the_cut_is(
    whole: tuple[bytes, object], tmp_path: Path
) -> None:
    journal, path = whole[0], tmp_path / "journal.log"
    for cut in (*range(1500), *range(len(journal) - 1500, len(journal) + 1)):
        path.write_bytes(journal[:cut])
        kept = journal.rfind(b"\n", 0, cut) + 1
        assert heal(path) == cut - kept
        assert path.read_bytes() == journal[:kept]


def test_a_cut_between_two_records_does_not_change_the_final_trials(
    whole: tuple[bytes, list[dict[str, object]]], tmp_path: Path
) -> None:
    journal, trials = whole
    lines = journal.splitlines(keepends=True)
    known = 0
    for cut in range(len(lines) + 1):
        found, end = resume(tmp_path, b"".join(lines[:cut]))
        assert repr(end) == repr(trials)
        now = sum(trial["state"] in ("complete", "pruned", "fail") for trial in found)
        assert known <= now <= known + 1  # one record finishes at most one trial
        known = now
    assert known == len(trials)


def test_a_cut_at_any_byte_of_the_last_two_records_loses_only_them(
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
def test_rubbish_at_the_end_is_removed(
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


def test_a_reader_ignores_a_record_that_is_being_written(
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


def test_a_cohort_is_flushed_once_when_it_is_asked_and_once_when_it_is_told(
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


def test_what_a_session_reads_of_its_own_records_is_what_they_hold(tmp_path: Path) -> None:
    """It does not read them from the file, so they must come out the same."""
    live = open_storage(JOURNAL, tmp_path, writable=True)
    fakes.play(Session(ASKED, live))
    again = open_storage(JOURNAL, tmp_path, writable=False)
    held, read = (
        (
            each.optuna.get_all_trials(0),
            each.optuna.get_study_user_attrs(0),
            each.optuna.get_study_system_attrs(0),
        )
        for each in (live, again)
    )
    assert repr(held) == repr(read)


def test_optuna_reads_a_group_as_soon_as_it_is_written(tmp_path: Path) -> None:
    """Also inside the group, if it must look at the file."""
    file = JournalFile(tmp_path / "journal.log", writable=True)
    with file.group():
        file.append_logs([{"n": 1}, {"n": 2}])
        assert list(file.read_logs(0)) == [{"n": 1}, {"n": 2}]
        file.append_logs([{"n": 3}])
        assert list(file.read_logs(2)) == [{"n": 3}]
        assert list(file.read_logs(1)) == [{"n": 2}, {"n": 3}]
        file.append_logs([{"n": 4}])
    assert list(JournalFile(file.path, writable=False).read_logs(3)) == [{"n": 4}]
    assert list(file.read_logs(3)) == [{"n": 4}]


def test_a_full_disk_leaves_no_part_of_a_record(tmp_path: Path) -> None:
    live = Session(ASKED, open_storage(JOURNAL, tmp_path, writable=True))
    journal = tmp_path / "journal.log"
    before = journal.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        size = len(before) + 100  # bytes, so that only a part of the first proposal fits
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        with pytest.raises(OSError, match="File too large"):
            live.ask()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert journal.read_bytes() == before
    with pytest.raises(OSError, match="File too large"):
        live.ask()  # what it knows is not in the journal, so nothing may follow there
    assert journal.read_bytes() == before
    again = Session(ASKED, open_storage(JOURNAL, tmp_path, writable=True))
    fakes.play(again)
    assert again.finished
