"""Arm Cortex-M4F: ARMv7E-M with a float32 unit."""

from __future__ import annotations

from frontier_search.export.device import SMALLEST, Device

DEVICE = Device(
    name="cortex-m4f",
    summary="Arm Cortex-M4F, float32 unit",
    target="thumb-freestanding-eabihf",
    cpu="cortex_m4+vfp4d16sp",
    machine="arm",
    model=9,
    float_unit=True,
    flash=256 * 1024,
    ram=64 * 1024,
    flags=SMALLEST,
)
