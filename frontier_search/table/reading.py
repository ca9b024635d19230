"""Reads a file as a table, whatever its format."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

from frontier_search.data.dataset import Dataset
from frontier_search.errors import SpecError
from frontier_search.table import own
from frontier_search.table.compression import COMPRESSIONS, read_bytes, suffix
from frontier_search.table.formats import FORMATS
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable
from frontier_search.table.understanding import Understanding, understand

OTHERS = {  # ends of files that other programs read and save
    ".xls": "it is an old Excel workbook; save it as .xlsx",
    ".ods": "it is an OpenDocument sheet; save it as .xlsx or .csv",
    ".pkl": "a pickle runs code when it is opened; save the frame with to_parquet",
    ".pickle": "a pickle runs code when it is opened; save the frame with to_parquet",
    ".dta": "it is of Stata; save pandas.read_stata(...) with to_parquet",
    ".sav": "it is of SPSS; save pandas.read_spss(...) with to_parquet",
    ".sas7bdat": "it is of SAS; save pandas.read_sas(...) with to_parquet",
    ".rds": "it is of R; save it with write.csv(..., row.names = FALSE)",
    ".rdata": "it is of R; save it with write.csv(..., row.names = FALSE)",
    ".mat": "it is of MATLAB; save X and y of scipy.io.loadmat(...) with numpy.savez",
    ".h5": "HDF5 holds many arrays; save X and y with numpy.savez, or a frame with to_parquet",
    ".hdf5": "HDF5 holds many arrays; save X and y with numpy.savez, or a frame with to_parquet",
    ".orc": "save pandas.read_orc(...) with to_parquet",
    ".sqlite": "it is a database; export the table as .csv",
    ".db": "it is a database; export the table as .csv",
    ".tar": "it is an archive of files; unpack it",
    ".tgz": "it is an archive of files; unpack it",
}


def is_table(given: str) -> bool:
    """Returns whether a word is the path of a table, by its end."""
    path = Path(given)
    known = (list(FORMATS), COMPRESSIONS, OTHERS)
    return any(suffix(path) in ends for ends in known) or path.suffix.lower() in OTHERS


def read(path: Path, options: TableOptions) -> RawTable:
    """Reads a file.

    Raises:
        SpecError: it is missing, cannot be read or is no table.
    """
    source = repr(str(path))
    if path.is_dir():
        raise SpecError(f"{source} is a folder; give one file. Join files of equal columns first.")
    end = suffix(path)
    if path.suffix.lower() in OTHERS:
        raise SpecError(f"{source} is not read: {OTHERS[path.suffix.lower()]}.")
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
    try:
        # without a name here, so that a reader can let go of the bytes before it makes the table
        return FORMATS[end](read_bytes(path, source), source, options)
    except ImportError as error:
        raise SpecError(
            f'cannot read {source}: {error}. Run pip install "frontier-search[tables]".'
        ) from error


def understood(path: str | Path, options: TableOptions | None = None) -> Understanding:
    """Returns what a file holds. A process reads a file once, until it changes.

    Raises:
        SpecError: as ``read`` and ``understand``.
    """
    options = options or TableOptions()
    files = [path, *filter(None, (options.test_file, options.val_file))]
    stamps = [each.stat().st_mtime_ns if each.is_file() else 0 for each in map(Path, files)]
    said = replace(options, test_sha256=None, val_sha256=None)  # digests change no row
    return _understood(Path(path), said, tuple(stamps))


@functools.lru_cache(maxsize=4)
def _understood(file: Path, options: TableOptions, changed_ns: tuple[int, ...]) -> Understanding:
    return understand(with_its_parts(read(file, options), options), options)


def with_its_parts(table: RawTable, options: TableOptions) -> RawTable:
    """Returns the rows of all files of a split that exists, with the part of each.

    Raises:
        SpecError: a file cannot be read, or has other columns.
    """
    if options.test_file is None:
        return table
    import numpy as np
    import pandas as pd

    frames, parts = [table.frame], [0]
    for given, part in ((options.val_file, 1), (options.test_file, 2)):
        if given is None:
            continue
        frame = read(Path(given), options).frame
        absent = [name for name in table.frame.columns if name not in frame.columns]
        if absent:
            flag = "val" if part == 1 else "test"
            raise SpecError(
                f"--{flag}-file {given!r} has no column {', '.join(map(repr, absent))}; it needs "
                f"those of {table.source}, the target too."
            )
        frames.append(frame[table.frame.columns])
        parts.append(part)
    joined = pd.concat(frames, ignore_index=True)
    numbers = np.repeat(parts, [len(frame) for frame in frames]).astype(np.int64)
    return replace(table, frame=joined, part=numbers)


def dataset(path: str | Path, options: TableOptions | None = None) -> Dataset:
    """Returns the dataset of a file.

    Raises:
        SpecError: as ``understood``; or a class is too rare to be split.
    """
    return own.dataset(understood(path, options), str(path))
