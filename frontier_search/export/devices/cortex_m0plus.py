"""Arm Cortex-M0+: ARMv6-M, no float unit, no division."""

from __future__ import annotations

from frontier_search.export.device import SMALLEST, Device

DEVICE = Device(
    name="cortex-m0plus",
    summary="Arm Cortex-M0+, floats in software",
    target="thumb-freestanding-eabi",
    cpu="cortex_m0plus",
    machine="arm",
    model=7,
    float_unit=False,
    flash=32 * 1024,
    ram=8 * 1024,
    flags=SMALLEST,
)
