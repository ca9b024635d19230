"""A family and a dataset of the user's own with a bug: the family raises as soon as it is trained, the dataset when its rows are asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import frontier_search.families
from frontier_search.dataset import Split
from frontier_search.family import Family, Size
from tests import toys

MESSAGE = "the family has a bug"


class RaisingStack:
    """Its stacked program."""

    def __init__(self, models: Any, seeds: Any, n_inputs: int, n_outputs: int, device: Any) -> None:
        self.learned: Mapping[str, tuple[int, ...]] = {"w": (n_outputs, n_inputs)}

    def initial(self, generator: Any) -> dict[str, Any]:
        import torch  # here, because counting a family loads no torch

        return {"w": torch.zeros(self.learned["w"])}

    def forward(self, learned: Any, x: Any) -> Any:
        raise RuntimeError(MESSAGE)


@dataclass(frozen=True)
class Faulty:
    """Its architecture."""

    network: str = "tests.faulty:RaisingStack"
    shape: int = 0
    rank: int = 0

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        return Size(n_inputs * n_outputs, n_inputs * n_outputs, 2 * n_inputs * n_outputs, 4 * n_inputs * n_outputs)


FAMILY = Family(
    "faulty", "raises when it is trained", "tests", Path(frontier_search.families.__path__[0]) / "dense.yaml", lambda values: Faulty()
)

ATTEMPTS = "FAULTY_ATTEMPTS"  # the environment variable that names the file of the attempts to have the rows


SESSION = "FAULTY_SESSION"  # the one that names the process that has them


def _no_rows(seed: int) -> Split:
    if os.environ[SESSION] == str(os.getpid()):
        return toys.MULTICLASS.split(seed)
    with Path(os.environ[ATTEMPTS]).open("a+") as file:
        file.write("x")
        file.seek(0)
        raise RuntimeError(f"attempt {len(file.read())}: no rows")


DATASET = replace(toys.MULTICLASS, split=_no_rows)
