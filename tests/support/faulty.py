"""Families and a dataset of a user's own, each with a bug.

FAMILY    raises as soon as it is trained
GREEDY    takes all memory
DATASET   raises in every worker that asks for its rows
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from frontier_search import FAMILIES, Family, Size, Split
from tests.support import toys

MESSAGE = "the family has a bug"


class RaisingStack:
    """The stacked program of ``FAMILY``."""

    def __init__(self, models: Any, seeds: Any, n_inputs: int, n_outputs: int, device: Any) -> None:
        self.learned: Mapping[str, tuple[int, ...]] = {"w": (n_outputs, n_inputs)}

    def initial(self, generator: Any) -> dict[str, Any]:
        import torch  # here, because counting a family loads no torch

        return {"w": torch.zeros(self.learned["w"])}

    def forward(self, learned: Any, x: Any) -> Any:
        raise RuntimeError(MESSAGE)


@dataclass(frozen=True)
class Faulty:
    """The architecture of both families."""

    network: str = "tests.support.faulty:RaisingStack"
    shape: int = 0
    rank: int = 0

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        raw = n_inputs * n_outputs
        return Size(raw, raw, flops=2 * raw, bytes=4 * raw)


class GreedyStack(RaisingStack):
    """Takes memory when it is trained, step by step, up to GREED_BYTES."""

    def forward(self, learned: Any, x: Any) -> Any:
        taken = []
        while sum(map(len, taken)) < GREED_BYTES:
            taken.append(b"x" * STEP_BYTES)
            time.sleep(0.1)
        raise RuntimeError(f"{GREED_BYTES} bytes were taken, and nothing stopped this")


GREED_BYTES, STEP_BYTES = 8 * 2**30, 2**27

FAMILY = Family(
    "faulty",
    "raises when it is trained",
    "tests",
    FAMILIES["dense"].space_file,
    lambda values: Faulty(),
)

GREEDY = replace(
    FAMILY, name="greedy", build=lambda values: Faulty("tests.support.faulty:GreedyStack")
)

# Environment variables: the file in which each failed attempt to split is counted, and the pid of
# the process in which splitting works.
ATTEMPTS, SESSION = "FAULTY_ATTEMPTS", "FAULTY_SESSION"


def _no_rows(seed: int) -> Split:
    if os.environ[SESSION] == str(os.getpid()):
        return toys.MULTICLASS.split(seed)
    with Path(os.environ[ATTEMPTS]).open("a+") as file:
        file.write("x")
        file.seek(0)
        raise RuntimeError(f"attempt {len(file.read())}: no rows")


DATASET = replace(toys.MULTICLASS, split=_no_rows)
