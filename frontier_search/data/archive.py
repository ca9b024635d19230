"""The arrays of a numpy archive. Nothing is ever unpickled."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError

ADVICE = (
    "Save it with numpy.savez(path, X=X, y=y), both of numbers or strings: Python objects are "
    "not read, because that would run code"
)


def load(
    stream: IO[bytes], source: str, groups: Sequence[tuple[str, ...]], any_case: bool = False
) -> list[NDArray[Any]]:
    """Returns the arrays of the first group of names that an archive holds completely.

    Args:
        stream: the archive; numpy does not close a file that it opened itself if it is none.
        source: its name in messages.
        groups: names of arrays; messages name the first group.
        any_case: whether ``x`` stands for ``X``.

    Raises:
        SpecError: it is no archive, or holds no such group.
    """
    try:
        archive = np.load(stream, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it holds a single array")
        held = {name.casefold() if any_case else name: name for name in reversed(archive.files)}
        for group in groups:
            keys = [name.casefold() if any_case else name for name in group]
            if all(key in held for key in keys):
                arrays = [archive[held[key]] for key in keys]
                if not all(isinstance(array, np.ndarray) for array in arrays):
                    raise ValueError(f"{' or '.join(group)} is not a numpy array")
                return arrays
        absent = [name for name in groups[0] if (name.casefold() if any_case else name) not in held]
        files = ", ".join(archive.files) or "nothing"
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,  # an encrypted zip
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise SpecError(f"cannot read {source}: {str(error).strip()}. {ADVICE}.") from error
    raise SpecError(f"{source} has no {' and no '.join(absent)}, it holds {files}. {ADVICE}.")
