"""TODO"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optuna.storages.journal import BaseJournalBackend

from frontier_search.errors import SearchError

if TYPE_CHECKING:
    pass


def heal(path: Path) -> int:
    """Cuts a journal back to its last complete record, because an append after a torn line makes it unreadable for good.

    Returns:
        the number of bytes that were cut.
    """
    if not path.exists():
        return 0
    with path.open("rb+") as file:
        content = file.read()
        keep = content.rfind(b"\n") + 1
        while (
            keep
        ):  # a crash of the machine may leave a block of zeros where the last record should be
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
        self._offsets = [0]  # where each record starts, and the next one will
        self._grouping = False
        if writable:
            path.parent.mkdir(parents=True, exist_ok=True)
            heal(path)
            path.touch()

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        known = min(log_number_from, len(self._offsets) - 1)
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._offsets[known])
            for number, line in enumerate(file, start=known):
                if not line.endswith(b"\n"):
                    return  # a record that is being written, or that a crash tore: it does not count
                if number + 1 == len(self._offsets):
                    self._offsets.append(self._offsets[number] + len(line))
                if number >= log_number_from:
                    yield self._record(line, number)

    def _record(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            return dict(json.loads(line))
        except ValueError as error:
            where = f"record {number + 1}, at byte {self._offsets[number]}"
            raise SearchError(
                f"{self.path} is damaged in its middle ({where}); put a copy back, nothing after it can be trusted."
            ) from error

    def append_logs(self, logs: Iterable[dict[str, Any]]) -> None:
        if not self.writable:
            raise SearchError(f"{self.path} was opened for reading; only a session writes to it.")
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with self.path.open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                left = memoryview(lines.encode())
                while left:
                    left = left[file.write(left) :]
            except OSError:
                file.truncate(
                    end
                )  # a full disk takes a part of a record, after which nothing may be appended
                raise
            if not self._grouping:
                os.fsync(file.fileno())

    @contextmanager
    def group(self) -> Iterator[None]:
        """Everything appended inside reaches the disk together, at the end."""
        self._grouping = True
        try:
            yield
        finally:
            self._grouping = False
            with self.path.open("ab") as file:
                os.fsync(file.fileno())
