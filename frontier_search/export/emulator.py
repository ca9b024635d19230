"""Executes a program of a core on this machine, row by row, and counts its instructions.

Instructions are not cycles: how long one takes depends on the core, its memory and its caches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.export import simavr_machine, unicorn_machine
from frontier_search.export.compiler import Program
from frontier_search.export.device import Device


@dataclass(frozen=True)
class Execution:
    """What a program did with some rows.

    Attributes:
        outputs: (n, o) float32.
        instructions: of each row, (n,).
        stack: the deepest, in bytes.
    """

    outputs: NDArray[np.float32]
    instructions: NDArray[np.int64]
    stack: int


def execute(
    program: Program, device: Device, rows: NDArray[np.float32], n_outputs: int
) -> Execution:
    """Calls the model's function, (const float *x, float *y), for each row.

    Args:
        rows: (n, d) float32.

    Raises:
        SearchError: the program faults or does not end.
    """
    machine = simavr_machine if device.machine == "avr" else unicorn_machine
    return Execution(*machine.execute(program, device, rows, n_outputs))
