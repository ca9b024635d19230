"""Executes programs of Arm and RISC-V cores in unicorn, see ``export.emulator``."""

from __future__ import annotations

import ctypes
import functools

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SearchError
from frontier_search.export import compiler
from frontier_search.export.compiler import Program
from frontier_search.export.device import Device
from frontier_search.export.toolchain import TOOLCHAINS

FLASH, RAM = TOOLCHAINS["zig"].flash, TOOLCHAINS["zig"].ram
PAGE = 1 << 12
INPUT, OUTPUT = 0x3000_0000, 0x3800_0000  # of the harness, beside the core's own memory
STOP = 0x0F00_0000  # where the model returns to
STACK = 1 << 20
PAINT = 0xA5  # of a stack that was never written
ROWS_OF_STACK = 4  # rows whose stack pointer is read too; what was written is seen of all rows
TIMEOUT_US = 60_000_000


class _Counter(ctypes.Structure):
    """``struct counter`` of ``block_counter.c``."""

    _fields_ = (
        ("instructions", ctypes.c_uint64),
        ("lowest", ctypes.c_uint64),
        ("image", ctypes.c_void_p),
        ("start", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("known", ctypes.c_void_p),
        ("read", ctypes.c_void_p),
        ("stack_pointer", ctypes.c_int32),
        ("riscv", ctypes.c_int32),
    )


@functools.lru_cache(maxsize=1)
def _hook() -> int:
    """Returns the address of ``count_block``."""
    found = compiler.cached_library("block_counter").count_block
    return int(ctypes.cast(found, ctypes.c_void_p).value or 0)


def execute(
    program: Program, device: Device, rows: NDArray[np.float32], n_outputs: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    """Returns the outputs, the instructions of each row and the deepest stack.

    Raises:
        SearchError: the program faults or does not end.
    """
    import unicorn  # of the extra
    from unicorn import arm_const, riscv_const
    from unicorn.unicorn_py3.unicorn import uclib

    arm = device.machine == "arm"
    if arm:
        machine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        arguments = (arm_const.UC_ARM_REG_R0, arm_const.UC_ARM_REG_R1)
        pointer, link = arm_const.UC_ARM_REG_SP, arm_const.UC_ARM_REG_LR
    else:
        machine = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
        arguments = (riscv_const.UC_RISCV_REG_A0, riscv_const.UC_RISCV_REG_A1)
        pointer, link = riscv_const.UC_RISCV_REG_SP, riscv_const.UC_RISCV_REG_RA
    if device.model is not None:
        machine.ctl_set_cpu_model(device.model)
    row_bytes, top = 4 * rows.shape[1], RAM + STACK
    for start, size in (
        (FLASH, len(program.image)),
        (RAM, STACK),
        (INPUT, row_bytes),
        (OUTPUT, 4 * n_outputs),
        (STOP, PAGE),
    ):
        machine.mem_map(start, -(-max(size, 1) // PAGE) * PAGE)
    machine.mem_write(FLASH, program.image)
    machine.mem_write(RAM, bytes([PAINT]) * STACK)
    machine.mem_write(RAM, program.variables)
    image = ctypes.create_string_buffer(program.image)
    known = (ctypes.c_uint16 * (len(program.image) // 2 + 1))()
    counter = _Counter(
        0,
        top,
        ctypes.addressof(image),
        FLASH,
        len(program.image),
        ctypes.addressof(known),
        ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p).value,
        pointer,
        not arm,
    )
    handle = ctypes.c_ulong()
    uclib.uc_hook_add(
        machine._uch,
        ctypes.byref(handle),
        unicorn.UC_HOOK_BLOCK,
        _hook(),
        ctypes.addressof(counter),
        ctypes.c_ulong(1),
        ctypes.c_ulong(0),
    )
    outputs = np.zeros((len(rows), n_outputs), np.float32)
    counts = np.zeros(len(rows), np.int64)
    for i, row in enumerate(rows):
        if i == ROWS_OF_STACK:
            counter.read = None
        machine.mem_write(INPUT, row.astype("<f4").tobytes())
        if device.float_unit:
            machine.reg_write(arm_const.UC_ARM_REG_FPEXC, 1 << 30)
        for register, value in (
            (arguments[0], INPUT),
            (arguments[1], OUTPUT),
            (pointer, top),
            (link, STOP | arm),
        ):
            machine.reg_write(register, value)
        before = counter.instructions
        try:
            machine.emu_start(program.entry | arm, STOP, timeout=TIMEOUT_US)
        except unicorn.UcError as error:
            raise SearchError(f"{device.name}: row {i} faults: {error}.") from error
        outputs[i] = np.frombuffer(machine.mem_read(OUTPUT, 4 * n_outputs), "<f4")
        counts[i] = counter.instructions - before
    start = len(program.variables)
    memory = np.frombuffer(bytes(machine.mem_read(RAM + start, STACK - start)), np.uint8)
    touched = np.flatnonzero(memory != PAINT)
    deepest = len(memory) - int(touched[0]) if len(touched) else 0
    return outputs, counts, max(deepest, top - int(counter.lowest))
