"""Compilers and emulators of cores: what is counted, and what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from frontier_search.errors import SpecError
from frontier_search.export import compiler, emulator, toolchain
from frontier_search.export.compiler import Program
from frontier_search.export.device import Device
from frontier_search.export.devices import DEVICES
from tests.support.cores import ready

CORES = ("cortex-m0plus", "avr")
X = np.array([[1.5], [-2.0]], np.float32)


def linked(device: Device, code: str, folder: Path) -> Program:
    source = folder / "model.c"
    source.write_text(f"void model(const float *x, float *y) {code}\n")
    return compiler.program(device, "model", source, folder)


@pytest.mark.parametrize("core", CORES)
def test_every_instruction_is_counted_once(core: str, tmp_path: Path) -> None:
    device = ready(core)
    program = linked(device, "{ *y = *x; }", tmp_path)  # no jump: each takes two bytes
    found = emulator.execute(program, device, X, 1)
    assert (found.outputs == X).all()
    assert found.instructions.tolist() == [program.flash // 2] * 2


@pytest.mark.parametrize("core", CORES)
def test_the_stack_is_what_a_function_takes(core: str, tmp_path: Path) -> None:
    device = ready(core)
    code = "{ volatile float a[%d]; for (int i = 0; i < %d; i++) a[i] = *x; *y = a[1]; }"
    small, large = (
        emulator.execute(linked(device, code.replace("%d", str(n)), tmp_path), device, X, 1).stack
        for n in (20, 120)
    )
    assert large - small == 400
    assert 80 <= small < 160  # and the registers that it saves


@pytest.mark.parametrize("core", CORES)
def test_variables_have_their_first_values(core: str, tmp_path: Path) -> None:
    device = ready(core)
    program = linked(device, "{ static volatile float k = 3; *y = *x + k; k = 4; }", tmp_path)
    assert len(program.variables) == 4
    found = emulator.execute(program, device, X, 1)
    assert found.outputs[:, 0].tolist() == [4.5, 2.0]  # of the second row with the new value


def test_what_is_missing_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(toolchain, "SIMAVR", ())
    toolchain.require_device_tools(DEVICES["cortex-m4f"])
    with pytest.raises(SpecError) as error:
        toolchain.require_device_tools(DEVICES["avr"])
    assert "compiling for avr needs gcc-avr, avr-libc and libsimavr-dev" in str(error.value)
    assert "apt-get install gcc-avr avr-libc libsimavr-dev" in str(error.value)


def test_tables_of_the_library_leave_no_gap_on_riscv(tmp_path: Path) -> None:
    device = ready("riscv32imc")  # whose library rounds a number by a table aligned to 16 bytes
    code = (
        "{ static const signed char t[%d] = {1, 2}; int i = (int)*x;"
        " *y = (float)i + (float)t[i & 1]; }"
    )
    flash = [
        linked(device, code.replace("%d", str(n)), tmp_path).flash for n in (32, 36, 40, 44, 48)
    ]
    assert np.diff(flash).tolist() == [4] * 4
