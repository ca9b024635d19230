"""RISC-V RV32IMC: integer multiplication and short instructions, no float unit."""

from __future__ import annotations

from frontier_search.export.device import Device

DEVICE = Device(
    name="riscv32imc",
    summary="RISC-V RV32IMC, floats in software",
    target="riscv32-freestanding",
    cpu="generic_rv32+m+c",
    machine="riscv32",
    model=None,
    float_unit=False,
    flash=64 * 1024,
    ram=20 * 1024,
)
