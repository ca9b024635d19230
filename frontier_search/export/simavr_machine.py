"""Executes programs of AVR cores in simavr, see ``export.emulator``."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SearchError
from frontier_search.export import compiler
from frontier_search.export.compiler import Program
from frontier_search.export.device import Device

RAM, TOP, INPUT, OUTPUT, END = 0x0100, 0xBFFF, 0xC000, 0xF000, 0x10000
PROBLEMS = {-1: "row {row} faults", -2: "row {row} does not end", -3: "simavr has no {core}"}


class _Program(ctypes.Structure):
    """``struct program`` of ``avr_machine.c``."""

    _fields_ = (
        ("image", ctypes.c_char_p),
        ("size", ctypes.c_uint32),
        ("variables", ctypes.c_char_p),
        ("n_variables", ctypes.c_uint32),
        ("entry", ctypes.c_uint32),
        ("ram", ctypes.c_uint16),
        ("top", ctypes.c_uint16),
        ("input", ctypes.c_uint16),
        ("output", ctypes.c_uint16),
    )


def execute(
    program: Program, device: Device, rows: NDArray[np.float32], n_outputs: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    """Returns the outputs, the instructions of each row and the deepest stack.

    Raises:
        SearchError: the program faults or does not end, or does not fit into what 16 bits address.
    """
    n, d = rows.shape
    image, variables = program.image, program.variables
    if 4 * d > OUTPUT - INPUT or 4 * n_outputs > END - OUTPUT or len(image) >= 2 * END:
        sizes = f"{d} inputs, {n_outputs} outputs and {len(image):,} bytes"
        raise SearchError(f"{device.name}: {sizes} are more than 16 bits address.")
    given = _Program(
        *(image, len(image), variables, len(variables), program.entry), *(RAM, TOP, INPUT, OUTPUT)
    )
    x = np.ascontiguousarray(rows, np.float32)
    outputs, counts = np.zeros((n, n_outputs), np.float32), np.zeros(n, np.int64)
    stack = ctypes.c_uint32()
    problem = compiler.cached_library("avr_machine", "-lsimavr").execute(
        str(device.model).encode(),
        ctypes.byref(given),
        *(ctypes.c_void_p(x.ctypes.data), d),
        *(ctypes.c_void_p(outputs.ctypes.data), n_outputs),
        n,
        ctypes.c_void_p(counts.ctypes.data),
        ctypes.byref(stack),
    )
    if problem:
        words = PROBLEMS[problem].format(row=stack.value, core=device.model)
        raise SearchError(f"{device.name}: {words}.")
    return outputs, counts, int(stack.value)
