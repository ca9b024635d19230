"""Compiles C: for this machine with its own compiler or with zig's, for a core with its own."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from frontier_search.errors import SearchError, SpecError
from frontier_search.export import toolchain
from frontier_search.export.device import Device
from frontier_search.export.toolchain import ARITHMETIC, EXTRA
from frontier_search.machine import cache_folder

FLAGS = ("-std=c99", *ARITHMETIC)  # for this machine


@dataclass(frozen=True)
class Program:
    """A linked program for a core.

    Attributes:
        entry: address of the model's function.
        image: what lies in flash.
        variables: what lies in RAM before the function is called.
        flash: bytes of code and constants, those of the compiler's own library included.
    """

    entry: int
    image: bytes
    variables: bytes
    flash: int


def host_compiler() -> list[str]:
    """Returns the command of a C compiler for this machine.

    Raises:
        SpecError: there is none.
    """
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    raise SpecError(f"no C compiler is installed; install one, or {EXTRA}.")


def shared_library(sources: Sequence[Path], library: Path, *libraries: str) -> None:
    """Compiles a library for this machine.

    Args:
        libraries: what it is linked with.

    Raises:
        SpecError: no C compiler is installed.
        SearchError: the compiler refuses.
    """
    words = [*host_compiler(), *FLAGS, "-shared", "-fPIC", "-o", str(library), *map(str, sources)]
    _call([*words, *libraries])


def answers(folder: Path, prefix: str, scratch: Path, rows: str, chances: bool) -> str:
    """Compiles the program of an exported folder and returns what it writes for rows of CSV.

    Args:
        scratch: where it is compiled.
        chances: whether it is asked for probabilities.

    Raises:
        SearchError: the compiler or the program fails.
    """
    sources = (str(folder / "main.c"), str(folder / f"{prefix}.c"))
    _call([*host_compiler(), *FLAGS, "-o", str(scratch / "program"), *sources])
    words = [str(scratch / "program"), *(["probabilities"] if chances else [])]
    done = subprocess.run(words, input=rows, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SearchError(f"the program of {folder} failed: {done.stderr.strip()}")
    return done.stdout


def cached_library(name: str, *libraries: str) -> ctypes.CDLL:
    """Returns a C file of ``export`` as a library, compiled once for this machine.

    Args:
        libraries: what it is linked with.

    Raises:
        SpecError: no C compiler is installed.
        SearchError: the compiler refuses.
    """
    source = resources.files("frontier_search.export").joinpath(f"{name}.c").read_text()
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    folder = cache_folder()
    library = folder / f"{name.replace('_', '-')}-{digest}.so"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            written, made = Path(scratch) / f"{name}.c", Path(scratch) / "made.so"
            written.write_text(source)
            shared_library([written], made, *libraries)
            made.replace(library)
    return ctypes.CDLL(str(library))


def command(device: Device, entry: str, source: Path, script: Path, elf: Path) -> list[str]:
    """Returns the command that links a program for a core."""
    tools = toolchain.of(device)
    return [
        *(*tools.words(device), f"-Wl,--entry={entry}", f"-Wl,-T,{script}"),
        *("-o", str(elf), str(source), *tools.libraries),
    ]


def program(device: Device, entry: str, source: Path, folder: Path) -> Program:
    """Compiles and links one source for a core.

    Args:
        entry: the name of the model's function.
        folder: where the linker script and the program are written.

    Raises:
        SpecError: the compiler or the emulator of the core is not installed.
        SearchError: the compiler refuses.
    """
    toolchain.require_device_tools(device)
    from elftools.elf.elffile import ELFFile  # of the extra

    tools = toolchain.of(device)
    script, elf = folder / "link.ld", folder / f"{device.name}.elf"
    script.write_text(tools.link_script(entry))
    _call(tools.executed(command(device, entry, source, script, elf)))
    image, variables, flash = bytearray(), bytearray(), 0
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        for section in file.iter_sections():
            size, stored = section["sh_size"], section["sh_type"] == "SHT_PROGBITS"
            if not section["sh_flags"] & 2 or not size:  # not in memory
                continue
            in_flash = section["sh_addr"] < tools.ram
            part, start = (image, tools.flash) if in_flash else (variables, tools.ram)
            end = section["sh_addr"] - start + size
            part.extend(bytes(max(0, end - len(part))))
            part[end - size : end] = section.data() if stored else bytes(size)
            flash += size if stored or in_flash else 0
        return Program(file.header["e_entry"], bytes(image), bytes(variables), flash)


def _call(words: Sequence[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise SearchError(f"the C compiler failed ({' '.join(words[:4])} ...): {lines[:3]}")
