"""Arm Cortex-M3: ARMv7-M, integer division, no float unit."""

from __future__ import annotations

from frontier_search.export.device import SMALLEST, Device

DEVICE = Device(
    name="cortex-m3",
    summary="Arm Cortex-M3, floats in software",
    target="thumb-freestanding-eabi",
    cpu="cortex_m3",
    machine="arm",
    model=8,
    float_unit=False,
    flash=64 * 1024,
    ram=20 * 1024,
    flags=SMALLEST,
)
