"""Reads a file as a table, whatever its format."""

from __future__ import annotations

import functools
from pathlib import Path

from frontier_search.data.dataset import Dataset
from frontier_search.errors import SpecError
from frontier_search.table import own
from frontier_search.table.compression import COMPRESSIONS, read_bytes, suffix
from frontier_search.table.formats import FORMATS
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable
from frontier_search.table.understanding import Understanding, understand


def is_table(given: str) -> bool:
    """Returns whether a word is the path of a table, by its end or because it is a folder."""
    path = Path(given)
    return suffix(path) in list(FORMATS) or suffix(path) in COMPRESSIONS


def read(path: Path, options: TableOptions) -> RawTable:
    """Reads a file.

    Raises:
        SpecError: it is missing, cannot be read or is no table.
    """
    source = repr(str(path))
    if path.is_dir():
        raise SpecError(f"{source} is a folder; give one file. Join files of equal columns first.")
    end = suffix(path)
    if end not in list(FORMATS):
        ends = ", ".join(FORMATS)
        raise SpecError(
            f"cannot tell the format of {source}; give a file that ends in {ends}, or one of them "
            f"and {', '.join(COMPRESSIONS)}."
        )
    if not path.is_file():
        raise SpecError(
            f"there is no file {source}; give the path of an existing file, or the name of a "
            "dataset."
        )
    data = read_bytes(path, source)
    try:
        return FORMATS[end](data, source, options)
    except ImportError as error:
        raise SpecError(
            f'cannot read {source}: {error}. Run pip install "frontier-search[tables]".'
        ) from error


def understood(path: str | Path, options: TableOptions | None = None) -> Understanding:
    """Returns what a file holds. A process reads a file once, until it changes.

    Raises:
        SpecError: as ``read`` and ``understand``.
    """
    file = Path(path)
    stamp = file.stat().st_mtime_ns if file.is_file() else 0
    return _understood(file, options or TableOptions(), stamp)


@functools.lru_cache(maxsize=4)
def _understood(file: Path, options: TableOptions, changed_ns: int) -> Understanding:
    return understand(read(file, options), options)


def dataset(path: str | Path, options: TableOptions | None = None) -> Dataset:
    """Returns the dataset of a file.

    Raises:
        SpecError: as ``understood``; or a class is too rare to be split.
    """
    return own.dataset(understood(path, options), str(path))
