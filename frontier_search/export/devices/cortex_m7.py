"""Arm Cortex-M7: ARMv7E-M with a float32 unit."""

from __future__ import annotations

from frontier_search.export.device import SMALLEST, Device

DEVICE = Device(
    name="cortex-m7",
    summary="Arm Cortex-M7, float32 unit",
    target="thumb-freestanding-eabihf",
    cpu="cortex_m7+fp_armv8d16sp",
    machine="arm",
    model=10,
    float_unit=True,
    flash=512 * 1024,
    ram=256 * 1024,
    flags=SMALLEST,
)
