"""The compiled kernel is used only where it was built from the source beside it."""

from __future__ import annotations

import _ctypes
import logging
import shutil
from pathlib import Path

import pytest

from frontier_search.training.kernels import library as room

STALE = "was built from another kernel.c: torch trains"


def loaded() -> object:
    """What a process that has not asked before is given."""
    return room.library.__wrapped__()


@pytest.mark.skipif(room.library() is None, reason="no kernel is installed here")
def test_a_build_of_another_source_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert loaded() is not None
    changed = tmp_path / "kernel.c"
    changed.write_bytes(room.SOURCE.read_bytes() + b"/* changed */\n")
    monkeypatch.setattr(room, "SOURCE", changed)
    with caplog.at_level(logging.WARNING):
        assert loaded() is None
    assert len(caplog.messages) == 1
    assert STALE in caplog.text and "Install frontier-search again" in caplog.text


def test_a_library_without_a_digest_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(room.SWITCH, str(tmp_path))
    shutil.copy(_ctypes.__file__, room.path())  # any other library
    assert loaded() is None
    assert STALE in caplog.text


def test_a_machine_without_a_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(room.SWITCH, str(tmp_path))
    assert loaded() is None
    assert "is not installed for" in caplog.text
