"""The compiled kernel on this machine.

An installed package holds ``kernel-MACHINE.so`` beside this file, one for each kind of processor.
For x86-64 there are two: one for any such processor, and a quicker one, which is used where the
processor has AVX2 and FMA. A build of another ``kernel.c`` than the one beside it is not used: its
structs may differ, and then it would write into memory that is not its own.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
from functools import cache
from pathlib import Path

SWITCH = "FRONTIER_SEARCH_KERNEL"  # "off": torch trains everything; a folder: of another build
FOLDER = Path(__file__).parent
SOURCE = FOLDER / "kernel.c"
ENDING = ".dylib" if platform.system() == "Darwin" else ".so"

log = logging.getLogger(__name__)


class _StaleError(Exception):
    """A library was built from another ``kernel.c``."""


@cache
def library() -> ctypes.CDLL | None:
    """Loads the kernel for this processor; None if there is none, or it is switched off."""
    if os.environ.get(SWITCH, "").lower() == "off":
        return None
    try:
        kernel = _load("")
        if kernel is not None and kernel.has_avx2():
            kernel = _load("-avx2") or kernel
        problem = None if kernel else f"is not installed for {platform.machine()}"
    except _StaleError as error:
        kernel, problem = None, f"{error} was built from another kernel.c"
    if problem is not None:
        log.warning(
            "the compiled kernel %s: torch trains, which takes two to ten times as long. Install "
            "frontier-search again, with a C compiler or from a wheel, to have it",
            problem,
        )
    return kernel


def path(suffix: str = "") -> Path:
    """Where the kernel for this kind of machine is installed."""
    folder = Path(os.environ.get(SWITCH) or FOLDER)
    return folder / f"kernel-{platform.machine().lower()}{suffix}{ENDING}"


def digest() -> int:
    """Returns the digest of ``kernel.c``, which ``setup.py`` gives to the compiler."""
    return int(hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16], 16)


def _load(suffix: str) -> ctypes.CDLL | None:
    """Loads a build; None if there is none.

    Raises:
        _StaleError: it was built from another source.
    """
    try:
        kernel = ctypes.CDLL(str(path(suffix)))
    except OSError:
        return None
    if not hasattr(kernel, "source_digest"):  # of a version before there were digests
        raise _StaleError(path(suffix))
    kernel.source_digest.restype = ctypes.c_uint64
    if kernel.source_digest() != digest():
        raise _StaleError(path(suffix))
    kernel.packed_length.restype = kernel.packed_targets.restype = ctypes.c_long
    return kernel
