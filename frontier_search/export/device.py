"""A device: a core that models are compiled for and executed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Compiler = Literal["zig", "avr-gcc"]  # see ``export.toolchain``
# clang's smallest code, which zig does not ask for by -Os or -Oz. Models of all families take 3 to
# 30 % fewer bytes of code on Arm cores by it, and as many instructions. Without outlining, what a
# function is compiled to does not depend on the others.
SMALLEST = ("-Xclang", "-Oz", "-mno-outline")


@dataclass(frozen=True)
class Device:
    """A core.

    Attributes:
        name: the name in the table.
        summary: one line.
        target: what the compiler calls the platform (``zig cc -target``).
        cpu: what it calls the core (``-mcpu``).
        machine: what executes it: unicorn, or simavr for ``avr``.
        model: number or name of the core in the emulator, or None for its default.
        float_unit: whether the core has float32 instructions.
        flash, ram: bytes of a small part with this core, the limits unless the search says others.
        compiler: which one compiles for it.
        flags: of the compiler, beside those of all cores.
    """

    name: str
    summary: str
    target: str
    cpu: str
    machine: Literal["arm", "riscv32", "avr"]
    model: int | str | None
    float_unit: bool
    flash: int
    ram: int
    compiler: Compiler = "zig"
    flags: tuple[str, ...] = ()
