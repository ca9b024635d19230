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
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, final

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

from frontier_search.errors import SearchError
from frontier_search.storage.storage import JOURNAL, Backend, Storage

ENCODE = json.JSONEncoder(separators=(",", ":")).encode


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
        self._group: list[bytes] | None = None  # the lines of a group that are not written yet
        # own records since the last read, with their bytes; None: not known
        self._unread: deque[tuple[int, dict[str, Any]]] | None = None
        self._lost: OSError | None = None  # why a group that was read is not in the file
        if writable:
            path.parent.mkdir(parents=True, exist_ok=True)
            heal(path)
            path.touch()

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        known = min(log_number_from, len(self._offsets) - 1)
        if self._unread is not None and log_number_from == len(self._offsets) - 1:
            yield from self._own()
            return
        self._unread = None
        self._write_group()
        if not self.path.exists():
            return
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
            self._unread = deque()

    def _own(self) -> Iterator[dict[str, Any]]:
        """Yields what this process has appended since the last read: nobody else writes.

        The records are those that were written. Reading them from their lines took a third as long
        as writing them.
        """
        while self._unread:
            size, record = self._unread.popleft()
            self._offsets.append(self._offsets[-1] + size)
            yield record

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
        if self._lost is not None:
            raise self._lost  # what follows would be read as of other trials
        records = list(logs)
        lines = [ENCODE(record).encode() + b"\n" for record in records]
        if self._group is None:
            self._write(lines)
        else:
            self._group += lines
        if self._unread is not None:
            self._unread.extend(zip(map(len, lines), records, strict=True))

    def _write_group(self) -> None:
        """Writes the lines of a group so far, so that they can be read."""
        if self._group:
            lines, self._group = self._group, []
            try:
                self._write(lines)
            except OSError as error:
                self._lost = error
                raise

    def _write(self, lines: list[bytes]) -> None:
        """Appends lines, whole or not at all, and flushes them to the disk."""
        with self.path.open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                rest = memoryview(b"".join(lines))
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError:
                file.truncate(end)  # a full disk takes only a part of them
                raise
            os.fsync(file.fileno())

    @contextmanager
    def group(self) -> Iterator[None]:
        """Writes what is appended inside the block, and flushes it to the disk, once at its end."""
        self._group = []
        try:
            yield
        finally:
            try:
                self._write_group()
            finally:
                self._group = None
