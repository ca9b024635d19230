"""Microchip AVR of 8 bits with multiplication, as in the ATmega328P of an Arduino Uno."""

from __future__ import annotations

from frontier_search.export.device import Device

DEVICE = Device(
    name="avr",
    summary="8-bit AVR (ATmega328P), floats in software",
    target="avr",
    cpu="avr5",
    machine="avr",
    model="atmega328p",
    float_unit=False,
    flash=32 * 1024,
    ram=2 * 1024,
    compiler="avr-gcc",
)
