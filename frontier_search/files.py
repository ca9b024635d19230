"""Files on a disk or in a bucket that are written whole: a reader sees the old content or the new,
and never a part, even after a crash.

A path on a disk is a ``Path``. A path in a bucket is a ``UPath``, which ``storage.remote.folder``
makes. The errors of its library are raised as OSError.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from upath import UPath  # loaded only for a bucket

    AnyPath = Path | UPath

ABSENT = (FileNotFoundError, NotADirectoryError)


@contextmanager
def raising_oserror(location: object) -> Iterator[None]:
    """Turns whatever a bucket's library raises inside the block into an OSError that names the
    location."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # botocore's errors have no base in common with Python's
        raise OSError(errno.EIO, " ".join(str(error).split()), str(location)) from error


def write_whole(path: AnyPath, content: bytes) -> None:
    """Writes a file. Its folder is made when it is missing.

    On a disk the content is written to a file beside it, flushed and renamed. In a bucket it is one
    request, which is whole by itself.
    """
    if not isinstance(path, Path):
        with raising_oserror(path):
            path.fs.pipe_file(path.path, content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_whole(path: AnyPath) -> bytes | None:
    """Returns the content, or None when there is no such file.

    Raises:
        OSError: the disk or the bucket reports an error, which never means that the file is absent.
    """
    try:
        if isinstance(path, Path):
            return path.read_bytes()
        with raising_oserror(path):
            return bytes(path.fs.cat_file(path.path))
    except ABSENT:
        return None


def write_arrays(path: AnyPath, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes named arrays as ``.npz``."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # the stub takes allow_pickle for an array
    write_whole(path, buffer.getvalue())


def read_arrays(path: AnyPath) -> dict[str, NDArray[Any]] | None:
    """Returns named arrays, or None when there is no such file or it is damaged. Nothing is
    unpickled."""
    content = read_whole(path)
    if content is None:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file on this machine, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def names_in(folder: AnyPath) -> set[str]:
    """Returns the names of the files and folders in a folder; none when it is missing."""
    try:
        if isinstance(folder, Path):
            return {path.name for path in folder.iterdir()}
        with raising_oserror(folder):
            return {
                str(name).rstrip("/").rpartition("/")[2]
                for name in folder.fs.ls(folder.path, detail=False)
            }
    except ABSENT:
        return set()


def remove(path: AnyPath) -> None:
    """Removes a file, which may be missing."""
    with suppress(*ABSENT):
        if isinstance(path, Path):
            path.unlink()
        else:
            with raising_oserror(path):
                path.fs.rm_file(path.path)


def remove_folder(folder: AnyPath) -> None:
    """Removes a folder, which may be missing, with everything in it."""
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
        return
    with raising_oserror(folder):
        names = folder.fs.find(folder.path)
        if names:
            folder.fs.rm(names)
