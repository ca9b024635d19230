"""Compressed files: the last end of a name says how, the end before it which format."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from frontier_search.errors import SpecError


def _unzip(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = _held(archive)
        if len(names) != 1:
            listed = ", ".join(map(repr, names[:5])) or "none"
            raise ValueError(f"it holds {len(names)} files ({listed}); one is needed, so unpack it")
        return archive.read(names[0])


def _held(archive: zipfile.ZipFile) -> list[str]:
    """Returns the files of an archive, without folders and what macOS adds."""
    return [
        name
        for name in archive.namelist()
        if not name.endswith("/") and not Path(name).name.startswith(".") and "__MACOSX" not in name
    ]


def _inside(path: Path) -> str:
    """Returns the end of the name of the one file in an archive; empty if there is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = _held(archive)
    except (OSError, zipfile.BadZipFile):
        return ""
    return Path(names[0]).suffix.lower() if names else ""


def _zstd(data: bytes) -> bytes:
    import pyarrow as pa

    compressed = pa.CompressedInputStream(pa.BufferReader(data), "zstd")
    read: bytes = compressed.read()
    return read


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zip": _unzip,
    ".zst": _zstd,
}


def suffix(path: Path) -> str:
    """Returns the end of a name that says the format, in small letters: ``.csv`` of a.csv.gz."""
    ends = [end.lower() for end in path.suffixes]
    if ends and ends[-1] in COMPRESSIONS:
        inner = ends[-2] if len(ends) > 1 else ""
        if ends[-1] == ".zip" and (inside := _inside(path)):
            return inside
        return inner or ends[-1]
    return ends[-1] if ends else ""


def read_bytes(path: Path, source: str) -> bytes:
    """Returns the content of a file, decompressed.

    Raises:
        SpecError: it cannot be read.
    """
    try:
        data = path.read_bytes()
        open_up = COMPRESSIONS.get(path.suffix.lower())
        return open_up(data) if open_up else data
    except ImportError as error:
        raise SpecError(
            f'cannot read {source}: {error}. Run pip install "frontier-search[tables]".'
        ) from error
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error, zipfile.BadZipFile) as error:
        raise SpecError(
            f"cannot read {source}: {str(error).strip() or 'it is cut off'}."
        ) from error
