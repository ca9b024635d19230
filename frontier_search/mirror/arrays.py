"""What ``numpy_model`` reads of a trained model: a dense network's or a reservoir's arrays.

The arrays are those of the torch networks, which define what the models compute. Neither torch nor
a network is needed to write them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.architectures.varpro import VarPro
from frontier_search.models.family import Architecture

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class NumpyFiles:
    """The content of ``program.json`` and of ``arrays.npz``."""

    facts: dict[str, Any]
    arrays: Arrays

    @staticmethod
    def of(
        architecture: Architecture,
        weights: NDArray[np.float32],
        seed: int,
        sizes: tuple[int, int],
    ) -> NumpyFiles | None:
        """Returns the files of a model, or None: ``numpy_model`` does not know its network.

        Args:
            weights: (P,) learned scalars.
            seed: draws the graph.
            sizes: (n_inputs, n_outputs).

        Raises:
            SpecError: the weights are not those of this architecture.
        """
        scalars = Scalars(weights)
        if type(architecture) is FeedForward:
            made = _dense(architecture, scalars, sizes)
        elif type(architecture) is Reservoir:
            made = _reservoir(architecture, scalars, seed, sizes)
        elif type(architecture) is VarPro:
            made = _reservoir(architecture.core, scalars, seed, sizes)
        else:
            return None
        scalars.close()
        return made


def _dense(architecture: FeedForward, scalars: Scalars, sizes: tuple[int, int]) -> NumpyFiles:
    n_inputs, n_outputs = sizes
    arrays: Arrays = {}
    widths = [n_inputs, *[architecture.hidden] * architecture.layers, n_outputs]
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        arrays[f"weight_{layer}"] = scalars.take(fan_out, fan_in)
        arrays[f"bias_{layer}"] = scalars.take(fan_out, 1)
    if architecture.skip:
        arrays["weight_skip"] = scalars.take(n_outputs, n_inputs)
    facts = {
        "kind": "dense",
        "layers": architecture.layers + 1,
        "activation": architecture.activation,
        "skip": architecture.skip,
    }
    return NumpyFiles(facts, arrays)


def _reservoir(
    architecture: Reservoir, scalars: Scalars, seed: int, sizes: tuple[int, int]
) -> NumpyFiles:
    (n_inputs, n_outputs), hidden = sizes, architecture.hidden
    arrays = {
        "w_x": scalars.take(hidden + n_outputs, n_inputs),
        "b_x": scalars.take(hidden + n_outputs, 1),
        "w_h": scalars.take(n_outputs, hidden),
    }
    if architecture.gated:
        arrays["gate"] = scalars.take(1, 1)
    if architecture.leaks is not None:
        fast = (hidden + 1) // 2
        leaks = np.array(architecture.leaks, np.float32)
        arrays["leaks"] = np.repeat(leaks, (fast, hidden - fast))[:, None]
    facts = {
        "kind": "reservoir",
        "hidden": hidden,
        "gated": architecture.gated,
        "steps": architecture.steps,
    }
    product = architecture.product
    if product is not None:
        scale = architecture.spectral_radius / product.radius
        factors = [scale * product.factors[0], *product.factors[1:]]
        arrays |= {f"factor_{i}": factor.astype(np.float32) for i, factor in enumerate(factors)}
        arrays["loops"] = (scale * product.loops()).astype(np.float32)[:, None]
        facts["factors"] = len(factors)
    elif architecture.steps:
        arrays["graph"] = architecture.matrix(seed)
    return NumpyFiles(facts, arrays)
