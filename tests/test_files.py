"""Files are written whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frontier_search.files import (
    read_arrays,
    write_arrays,
    write_whole,
)
from frontier_search.trial import Outcome


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deep" / "file"
    write_whole(path, b"old")

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new, and longer")
    assert path.read_bytes() == b"old"


def test_a_written_file_is_flushed_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "file", []
    monkeypatch.setattr("os.fsync", lambda descriptor: seen.append(path.exists()))
    write_whole(path, b"content")
    assert seen == [False]
    assert path.read_bytes() == b"content"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_arrays_are_read_back_and_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "7": np.array([True, False]),
        "scalar": np.asarray(3),
    }
    write_arrays(path, arrays)
    back = read_arrays(path)
    assert back is not None
    assert set(back) == set(arrays)
    assert all(
        np.array_equal(back[key], arrays[key]) and back[key].dtype == arrays[key].dtype
        for key in arrays
    )
    np.savez(path, evil=np.array([Outcome(())], dtype=object))
    assert read_arrays(path) is None


def test_arrays_that_are_cut_anywhere_are_none(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    write_arrays(path, {"a": np.arange(4)})
    content = path.read_bytes()
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        assert read_arrays(path) is None
    assert read_arrays(tmp_path / "nosuch.npz") is None
