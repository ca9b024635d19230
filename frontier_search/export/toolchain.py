"""The compilers for cores: what each is called with, where its programs lie, and what it needs."""

from __future__ import annotations

import functools
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.export.device import Compiler, Device

EXTRA = "pip install 'frontier-search[device]'"
# -ffp-contract=off: a product and a sum are two roundings, as in the reference
ARITHMETIC = ("-Os", "-ffp-contract=off")
BARE = ("-ffreestanding", "-nostdlib")
NO_UNUSED = ("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")
# What has the largest alignment comes first, so that the linker leaves no gaps.
SCRIPT = """\
ENTRY({entry})
SECTIONS {{
    . = 0x08000000;
    .text : {{ *(SORT_BY_ALIGNMENT(.rodata* .srodata* .text*)) }}
    . = 0x20000000;
    .data : {{ *(.data*) *(.sdata*) *(.bss*) *(.sbss*) }}
    /DISCARD/ : {{ *(.ARM*) *(.comment*) *(.eh_frame*) *(.riscv*) }}
}}
"""
# Constants that are not marked as such are variables to an AVR. Nothing runs before the model's
# function, so what would copy and clear variables is left out.
AVR_SCRIPT = """\
ENTRY({entry})
SECTIONS {{
    __do_copy_data = 0;
    __do_clear_bss = 0;
    . = 0;
    .text : {{ *(.progmem*) . = ALIGN(2); *(.text*) }}
    . = 0x00800100;
    .data : {{ *(.data*) *(.rodata*) *(.bss*) }}
    /DISCARD/ : {{ *(.comment*) }}
}}
"""
SIMAVR = ("/usr/include/simavr/sim_avr.h", "/usr/local/include/simavr/sim_avr.h")


@dataclass(frozen=True)
class Toolchain:
    """A compiler for cores.

    Attributes:
        start: what its command begins with.
        core: how a core is named, with the fields of a device in braces.
        flags: of every call.
        libraries: what is linked last.
        script: of the linker, see ``link_script``.
        flash, ram: the first address of each.
        constants: the most bytes of constants that a program may have; 0: no limit.
        double64: whether a ``double`` has 64 bits.
        sized: whether the symbols of its library say how long each routine is.
        modules: the modules of Python that it needs, and the package of each.
    """

    start: tuple[str, ...]
    core: tuple[str, ...]
    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    script: str
    flash: int
    ram: int
    constants: int
    double64: bool
    sized: bool
    modules: Mapping[str, str]

    def words(self, device: Device) -> list[str]:
        """Returns the beginning of each command for a core, as a certificate shows it."""
        named = [each.format(target=device.target, cpu=device.cpu) for each in self.core]
        return [*self.start, *named, *self.flags, *device.flags]

    def link_script(self, entry: str) -> str:
        """Returns the script of the linker for a program.

        Args:
            entry: the name of the model's function.
        """
        return self.script.format(entry=entry)

    def executed(self, words: Sequence[str]) -> list[str]:
        """Returns a command as it is executed here."""
        return [sys.executable, "-m", *words] if self.start[0] in self.modules else list(words)

    def version(self) -> str:
        """Returns the name and the version of the compiler."""
        name = self.start[0]
        if name in self.modules:
            return f"{name} {metadata.version(name)}"
        return f"{name} {_output(name, '-dumpversion')}"


ELFTOOLS = {"elftools": "pyelftools"}
TOOLCHAINS: Mapping[Compiler, Toolchain] = {
    "zig": Toolchain(
        start=("ziglang", "cc"),
        core=("-target", "{target}", "-mcpu={cpu}"),
        flags=(
            "-std=c99",
            *ARITHMETIC,
            *BARE,
            "-fno-sanitize=all",
            "-fno-unwind-tables",
            "-fno-asynchronous-unwind-tables",
            *NO_UNUSED,
        ),
        libraries=("-lcompiler_rt",),
        script=SCRIPT,
        flash=0x0800_0000,
        ram=0x2000_0000,
        constants=0,
        double64=True,
        sized=True,
        modules={"ziglang": "ziglang", "unicorn": "unicorn", **ELFTOOLS},
    ),
    "avr-gcc": Toolchain(
        start=("avr-gcc",),
        core=("-mmcu={cpu}",),
        flags=("-std=gnu99", *ARITHMETIC, *BARE, *NO_UNUSED),
        libraries=("-lm", "-lgcc"),  # the floats of avr-libc are smaller than those of gcc
        script=AVR_SCRIPT,
        flash=0,
        ram=0x0080_0100,
        constants=0x7FFF,  # of one array, where an int has 16 bits
        double64=False,
        sized=False,  # avr-libc is written by hand
        modules=ELFTOOLS,
    ),
}


def of(device: Device) -> Toolchain:
    """Returns the compiler of a core."""
    return TOOLCHAINS[device.compiler]


def missing(device: Device) -> tuple[list[str], list[str]]:
    """Returns the packages of Python, and those of the distribution, that a core lacks here."""
    needed = of(device).modules.items()
    python = [package for module, package in needed if not importlib.util.find_spec(module)]
    return python, _missing_of_avr() if device.compiler == "avr-gcc" else []


def _missing_of_avr() -> list[str]:
    found = {"gcc-avr": bool(shutil.which("avr-gcc"))}
    words = ("avr-gcc", "-mmcu=avr5", "-print-file-name=libm.a")
    found["avr-libc"] = found["gcc-avr"] and Path(_output(*words)).is_absolute()
    found["libsimavr-dev"] = any(Path(header).exists() for header in SIMAVR)
    return [package for package, is_here in found.items() if not is_here]


def require_device_tools(*devices: Device) -> None:
    """Raises SpecError, with the cure, unless cores can be compiled for and executed here."""
    for device in devices:
        python, distribution = missing(device)
        cures = [f"install the extra: {EXTRA}"] if python else []
        if distribution:
            cures.append(f"install the distribution's: apt-get install {' '.join(distribution)}")
        absent = [*python, *distribution]
        if absent:
            *others, last = absent
            listed = f"{', '.join(others)} and {last}" if others else last
            raise SpecError(
                f"compiling for {device.name} needs {listed}, which "
                f"{'is' if len(absent) == 1 else 'are'} not installed; {', and '.join(cures)}. "
                "`export --to c` works without."
            )


@functools.lru_cache(maxsize=8)
def _output(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
