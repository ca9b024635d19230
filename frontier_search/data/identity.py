"""Which rows a dataset's name stands for on this machine: the file that holds them, and its digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from frontier_search.data.datasets import find
from frontier_search.data.user_file import SUFFIXES


def is_file(name: str) -> bool:
    """Whether a dataset's name is a path, whatever else the folder holds."""
    return Path(name).suffix.lower() in SUFFIXES


def rows_file(name: str) -> Path | None:
    """The file that holds a dataset's rows on this machine, or None; raises SpecError."""
    if is_file(name):
        return Path(name)
    dataset = find(name)
    return dataset.file() if dataset.file else None


def has_digest(name: str, sha256: str) -> bool:
    path = rows_file(name)
    return path is not None and path.is_file() and sha256_of(path) == sha256


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
