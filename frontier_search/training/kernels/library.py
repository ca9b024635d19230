"""The compiled kernel on this machine.

An installed package holds ``kernel-MACHINE.so`` beside this file, one for each kind of processor.
For x86-64 there are two: one for any such processor, and a quicker one, which is used where the
processor has AVX2 and FMA.
"""

from __future__ import annotations

import ctypes
import logging
import os
import platform
from functools import cache
from pathlib import Path

SWITCH = "FRONTIER_SEARCH_KERNEL"  # "off": torch trains everything; a folder: of another build
FOLDER = Path(__file__).parent
ENDING = ".dylib" if platform.system() == "Darwin" else ".so"

log = logging.getLogger(__name__)


@cache
def library() -> ctypes.CDLL | None:
    """Loads the kernel for this processor; None if there is none, or it is switched off."""
    if os.environ.get(SWITCH, "").lower() == "off":
        return None
    kernel = _load("")
    if kernel is not None and kernel.has_avx2():
        kernel = _load("-avx2") or kernel
    if kernel is None:
        log.warning(
            "the compiled kernel is not installed for %s: torch trains, which takes two to ten "
            "times as long. Reinstall with a C compiler, or from a wheel, to have it",
            platform.machine(),
        )
    return kernel


def path(suffix: str = "") -> Path:
    """Where the kernel for this kind of machine is installed."""
    folder = Path(os.environ.get(SWITCH) or FOLDER)
    return folder / f"kernel-{platform.machine().lower()}{suffix}{ENDING}"


def _load(suffix: str) -> ctypes.CDLL | None:
    try:
        kernel = ctypes.CDLL(str(path(suffix)))
    except OSError:
        return None
    kernel.packed_length.restype = kernel.packed_targets.restype = ctypes.c_long
    return kernel
