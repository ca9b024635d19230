"""The table of devices, one core a file."""

from __future__ import annotations

from frontier_search.export.device import Device
from frontier_search.zoo import Zoo

CORES = ("cortex-m0plus", "cortex-m3", "cortex-m4f", "cortex-m7", "riscv32imc", "avr")

DEVICES: Zoo[Device] = Zoo(
    "device",
    {name: f"frontier_search.export.devices.{name.replace('-', '_')}:DEVICE" for name in CORES},
)
