"""Models of every family with random weights, for tests of exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from frontier_search.export.emitters import has_emitter, plan
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.families import FAMILIES
from frontier_search.models.family import Architecture
from frontier_search.training.outputs import outputs
from frontier_search.training.stack import Model, Stack

WRITTEN = [  # the families whose models can be written as C
    name
    for name, family in FAMILIES.items()
    if has_emitter(family.build(family.default_space((1e-3, 1e-2)).smallest()))
]
SEED = 7
SIDE = 8
STEPS = 24  # of one channel, or half of them of two
SMALL: dict[str, Any] = {
    "hidden": [2, 16],
    "steps": [1, 3],
    "graph_noise": [0.0, 0.1],
    "input_channels": [1, 2],
    "pooling": ["last", "mean"],
    "rank_share": [1.0, 0.25],
    "readout": ["solved", "trained"],
    "graph": ["kronecker", "random_sparse"],
}


@dataclass(frozen=True)
class Example:
    """One model, and some rows.

    Attributes:
        trained: what its network gives for the rows.
    """

    name: str
    architecture: Architecture
    flat: NDArray[np.float32]
    x: NDArray[np.float32]
    n_outputs: int
    trained: NDArray[np.float32]

    @property
    def plan(self) -> Plan:
        scalars = Scalars(self.flat)
        return plan(self.architecture, scalars, SEED, self.x.shape[1], self.n_outputs)


def examples(family: str, n_rows: int = 8, n_steps: int = STEPS) -> list[Example]:
    """Returns two models of a family, one with one output and one with three.

    Args:
        n_steps: of a sequence with one channel.
    """
    found, rng = [], np.random.default_rng(len(family))
    space = FAMILIES[family].default_space((1e-3, 1e-2))
    d = SIDE * SIDE if FAMILIES[family].image else n_steps if FAMILIES[family].sequence else 5
    for number, n_outputs in enumerate((1, 3)):
        fixed = {key: value[number] for key, value in SMALL.items() if key in space.names()}
        if family.endswith("fixed_input") or family in ("random_features", "echo_state"):
            fixed["hidden"] = (4, 64)[number]  # stored, and drawn again
        if family == "low_rank":
            fixed |= {"hidden": 8, "inner": 1 + number}
        if family == "conv_1d":
            fixed |= {"layers": 3 - number}
        if family == "learned_kronecker":
            fixed["hidden"] = 16
        built = FAMILIES[family].build(space.sample(rng) | fixed)
        stack = Stack([Model(0, SEED, built, 0.0)], d, n_outputs, torch.device("cpu"))
        flat = stack.flat.numpy() + rng.normal(0, 0.2, stack.n_learned).astype(np.float32)
        x = rng.normal(size=(n_rows, d)).astype(np.float32)
        x[0] = 3 * x[0]  # beyond the grid of a spline
        trained = outputs(built, SEED, flat, x, n_outputs)
        found.append(Example(f"{family}_{number}", built, flat, x, n_outputs, trained))
    return found
