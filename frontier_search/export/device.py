"""A device: a core that models are compiled for and executed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Device:
    """A core.

    Attributes:
        name: the name in the table.
        summary: one line.
        target: what the compiler calls the platform (``zig cc -target``).
        cpu: what it calls the core (``-mcpu``).
        machine: what executes it.
        model: number of the core in the emulator, or None for its default.
        float_unit: whether the core has float32 instructions.
        flash, ram: bytes of a small part with this core, the limits unless the search says others.
    """

    name: str
    summary: str
    target: str
    cpu: str
    machine: Literal["arm", "riscv32"]
    model: int | None
    float_unit: bool
    flash: int
    ram: int
