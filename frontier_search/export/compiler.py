"""Compiles C: for this machine with its own compiler or with zig's, for a core with zig's."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from frontier_search.errors import SearchError, SpecError
from frontier_search.export.device import Device

FLASH, RAM = 0x0800_0000, 0x2000_0000  # where a core has them
EXTRA = "pip install 'frontier-search[device]'"
# -ffp-contract=off: a product and a sum are two roundings, as in the reference
FLAGS = ("-std=c99", "-Os", "-ffp-contract=off")
CORE_FLAGS = (
    "-ffreestanding",
    "-nostdlib",
    "-fno-sanitize=all",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wl,--gc-sections",
)
LINKER_SCRIPT = """\
ENTRY({entry})
SECTIONS {{
    . = {flash:#x};
    .text : {{ *(.text*) *(.rodata*) *(.srodata*) }}
    . = {ram:#x};
    .data : {{ *(.data*) *(.sdata*) *(.bss*) *(.sbss*) }}
    /DISCARD/ : {{ *(.ARM*) *(.comment*) *(.eh_frame*) *(.riscv*) }}
}}
"""


@dataclass(frozen=True)
class Program:
    """A linked program for a core.

    Attributes:
        entry: address of the model's function.
        image: what lies in flash, from FLASH on.
        flash: its bytes: code and constants, those of the compiler's own library included.
        static_ram: bytes of variables.
    """

    entry: int
    image: bytes
    flash: int
    static_ram: int


def missing() -> list[str]:
    """Returns the packages of the extra ``device`` that are not installed."""
    needed = {"ziglang": "ziglang", "unicorn": "unicorn", "elftools": "pyelftools"}
    return [package for module, package in needed.items() if not importlib.util.find_spec(module)]


def require_device_tools() -> None:
    """Raises SpecError, with the cure, unless a core can be compiled for and executed here."""
    absent = missing()
    if absent:
        raise SpecError(
            f"compiling for a device needs {' and '.join(absent)}, which is not installed; "
            f"install the extra: {EXTRA}. `export --to c` works without it."
        )


def version() -> str:
    """Returns the name and the version of the compiler for cores."""
    return f"ziglang {metadata.version('ziglang')}"


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


def shared_library(sources: Sequence[Path], library: Path) -> None:
    """Compiles a library for this machine.

    Raises:
        SearchError: the compiler refuses.
    """
    _call([*host_compiler(), *FLAGS, "-shared", "-fPIC", "-o", str(library), *map(str, sources)])


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


def command(device: Device, entry: str, source: Path, script: Path, elf: Path) -> list[str]:
    """Returns the command that links a program for a core."""
    return [
        *("ziglang", "cc", "-target", device.target, f"-mcpu={device.cpu}"),
        *(*FLAGS, *CORE_FLAGS, f"-Wl,--entry={entry}", f"-Wl,-T,{script}"),
        *("-o", str(elf), str(source), "-lcompiler_rt"),
    ]


def program(device: Device, entry: str, source: Path, folder: Path) -> Program:
    """Compiles and links one source for a core.

    Args:
        entry: the name of the model's function.
        folder: where the linker script and the program are written.

    Raises:
        SpecError: the extra ``device`` is not installed.
        SearchError: the compiler refuses.
    """
    require_device_tools()
    from elftools.elf.elffile import ELFFile  # of the extra

    script, elf = folder / "link.ld", folder / f"{device.name}.elf"
    script.write_text(LINKER_SCRIPT.format(entry=entry, flash=FLASH, ram=RAM))
    _call([sys.executable, "-m", *command(device, entry, source, script, elf)])
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        image, flash, static = bytearray(), 0, 0
        for section in file.iter_sections():
            if not section["sh_flags"] & 2 or not section["sh_size"]:  # not in memory
                continue
            if section["sh_addr"] < RAM:
                start = section["sh_addr"] - FLASH
                image.extend(bytes(max(0, start + section["sh_size"] - len(image))))
                image[start : start + section["sh_size"]] = section.data()
                flash += section["sh_size"]
            else:
                static += section["sh_size"]
                flash += section["sh_size"] if section["sh_type"] == "SHT_PROGBITS" else 0
        return Program(file.header["e_entry"], bytes(image), flash, static)


def _call(words: Sequence[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise SearchError(f"the C compiler failed ({' '.join(words[:4])} ...): {lines[:3]}")
