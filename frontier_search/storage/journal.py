"""The journal: a file with one JSON record a line, which a crash cannot damage.

The session is its only writer, because it holds the search's lock. Records are therefore appended
without a lock of Optuna's. They are flushed to the disk once a group: the proposals of a cohort, or
its outcomes. A cut at any byte loses only the records after the last complete line, once ``heal``
has removed the torn line.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, final

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

from frontier_search.errors import SearchError
from frontier_search.storage.storage import JOURNAL, Backend, Storage


@final
class Journal:
    """An open journal, ``journal.log`` in the search's folder.

    Args:
        folder: the search's folder.
        writable: whether this process is the search's writer; a reader never changes the file.
    """

    def __init__(self, folder: Path, writable: bool) -> None:
        self._file = JournalFile(folder / "journal.log", writable)
        self.optuna = JournalStorage(self._file)

    def close(self) -> None:
        """Does nothing: the file is opened for each access."""

    def held(self, name: str) -> AbstractContextManager[None]:
        """Does nothing: a journal has one home, and the lock of the search's folder holds it."""
        return nullcontext()

    def group(self) -> AbstractContextManager[None]:
        return self._file.group()


def _open(url: str, folder: Path, writable: bool) -> Storage:
    return Journal(folder, writable)


BACKEND = Backend(re.compile(JOURNAL), "journal (a file in the search's folder)", _open)


def heal(path: Path) -> int:
    """Cuts a journal back to its last complete record.

    An append after a torn line would make the journal unreadable for ever.

    Returns:
        the number of bytes that were removed.
    """
    if not path.exists():
        return 0
    with path.open("rb+") as file:
        content = file.read()
        keep = content.rfind(b"\n") + 1
        # a crash of the machine may leave zeros instead of the last record
        while keep:
            start = content.rfind(b"\n", 0, keep - 1) + 1
            if _is_record(content[start:keep]):
                break
            keep = start
        if keep < len(content):
            file.truncate(keep)
            os.fsync(file.fileno())
    return len(content) - keep


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class JournalFile(BaseJournalBackend):
    """A journal whose appends are flushed to the disk once a group.

    Args:
        path: the file; made when it is missing and ``writable``.
        writable: whether this process is the search's writer; a reader never changes the file.
    """

    def __init__(self, path: Path, writable: bool) -> None:
        self.path, self.writable = path, writable
        self._offsets = [0]  # byte at which each known record starts, and the one after them
        self._grouping: BinaryIO | None = None  # the open file of a group
        self._unread: list[bytes] | None = None  # own lines since the last read; None: not known
        if writable:
            path.parent.mkdir(parents=True, exist_ok=True)
            heal(path)
            path.touch()

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        known = min(log_number_from, len(self._offsets) - 1)
        if self._unread is not None and log_number_from == len(self._offsets) - 1:
            yield from self._own(log_number_from)
            return
        if not self.path.exists():
            return
        self._unread = None
        with self.path.open("rb") as file:
            file.seek(self._offsets[known])
            for number, line in enumerate(file, start=known):
                if not line.endswith(b"\n"):
                    return  # a record that is being written, or that a crash tore
                if number + 1 == len(self._offsets):
                    self._offsets.append(self._offsets[number] + len(line))
                if number >= log_number_from:
                    yield self._record(line, number)
        if self.writable:
            self._unread = []

    def _own(self, number: int) -> Iterator[dict[str, Any]]:
        """Yields what this process has appended since the last read: nobody else writes."""
        while self._unread:
            line = self._unread.pop(0)
            self._offsets.append(self._offsets[-1] + len(line))
            yield self._record(line, number)
            number += 1

    def _record(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            return dict(json.loads(line))
        except ValueError as error:
            where = f"record {number + 1}, at byte {self._offsets[number]}"
            raise SearchError(
                f"{self.path} is damaged in its middle ({where});"
                " put a copy back, nothing after it can be trusted."
            ) from error

    def append_logs(self, logs: Iterable[dict[str, Any]]) -> None:
        if not self.writable:
            raise SearchError(f"{self.path} was opened for reading; only a session writes to it.")
        lines = [json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs]
        if self._grouping is not None:
            self._append(self._grouping, lines)
            return
        with self.path.open("ab", buffering=0) as file:
            self._append(file, lines)
            os.fsync(file.fileno())

    def _append(self, file: BinaryIO, lines: list[bytes]) -> None:
        end = file.seek(0, os.SEEK_END)
        try:
            rest = memoryview(b"".join(lines))
            while rest:
                rest = rest[file.write(rest) :]
        except OSError:
            file.truncate(end)  # a full disk takes only a part of a record
            raise
        if self._unread is not None:
            self._unread += lines

    @contextmanager
    def group(self) -> Iterator[None]:
        """Flushes what is appended inside the block to the disk once, at its end."""
        with self.path.open("ab", buffering=0) as file:
            self._grouping = file
            try:
                yield
            finally:
                self._grouping = None
                os.fsync(file.fileno())
