"""Compilers and emulators of cores, for tests that execute models there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from frontier_search.export import compiler, emulator, toolchain
from frontier_search.export.calibration import AnyPlan, batches
from frontier_search.export.device import Device
from frontier_search.export.devices import DEVICES
from tests.support.exported import Example


def ready(core: str) -> Device:
    """Returns a core, or skips the test where a package of the distribution is missing."""
    _, distribution = toolchain.missing(DEVICES[core])
    if distribution:
        pytest.skip(f"{' and '.join(distribution)} are missing: {core} is NOT tested")
    return DEVICES[core]


def on_core(
    core: str, models: Sequence[tuple[str, Example, AnyPlan]], folder: Path, scratch: Path
) -> Iterator[NDArray[np.float32]]:
    """Yields what each model gives on a core for the second row of its example, (o,).

    Many are in one program, which the first number of a row tells which model to run: one
    compilation and one emulator.

    Args:
        models: (name, example, plan) of each; its C is ``folder / NAME.c``.
    """
    device = ready(core)
    most = toolchain.of(device).constants // 3  # every model brings functions of its own
    for numbers in batches([plan for _, _, plan in models], most):
        listed = [models[i] for i in numbers]
        included = "".join(f'#include "{name}.c"\n' for name, _, _ in listed)
        cases = "".join(
            f"case {i}: {name}_outputs(x + 1, y); break;\n" for i, (name, _, _) in enumerate(listed)
        )
        source = folder / f"{core}.c"
        source.write_text(
            f"{included}void every(const float *x, float *y) "
            f"{{ switch ((int)x[0]) {{\n{cases}}} }}\n"
        )
        program = compiler.program(device, "every", source, scratch)
        for i, (_, example, _) in enumerate(listed):
            rows = np.concatenate([np.array([[i]], np.float32), example.x[1:2]], axis=1)
            found = emulator.execute(program, device, rows, example.n_outputs)
            assert found.instructions[0] > 0
            yield found.outputs[0]
