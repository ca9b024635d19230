"""A stack: the models of one shape (candidates x seeds) with one network.

All learned scalars are in one flat block. Every learned tensor (M, ...) is a contiguous view into
this ``flat`` of M P scalars. So the optimiser and the checkpoints work on the whole block, and the
batched products see contiguous matrices.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from frontier_search.models.family import Architecture
from frontier_search.models.network import Network
from frontier_search.seeds import WEIGHT_STREAM
from frontier_search.zoo import load


@dataclass(frozen=True)
class Model:
    """One model to train: a candidate on one seed.

    Attributes:
        candidate: the candidate's position in its cohort.
        seed: decides the rows, the first weights, the graph and the minibatch order.
    """

    candidate: int
    seed: int
    architecture: Architecture
    learning_rate: float
    weight_decay: float = 0.0


def group(models: Sequence[Model]) -> list[list[Model]]:
    """Groups models into stacks of equal network and shape.

    Stacks are in the order of their first models, and the models of a stack by falling rank.
    """
    stacks: dict[tuple[object, ...], list[Model]] = {}
    for model in models:
        stacks.setdefault((model.architecture.network, model.architecture.shape), []).append(model)
    return [sorted(stack, key=lambda model: -model.architecture.rank) for stack in stacks.values()]


def views(flat: Tensor, n_models: int, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Returns the learned tensors (M, ...) as contiguous views into a flat block of M P scalars."""
    tensors, start = {}, 0
    for name, shape in shapes.items():
        length = n_models * math.prod(shape)
        tensors[name] = flat[start : start + length].view(n_models, *shape)
        start += length
    return tensors


def per_scalar(
    per_model: Tensor, shapes: Mapping[str, tuple[int, ...]], without: Collection[str] = ()
) -> Tensor:
    """Repeats a value of each model, (M,), for each of its scalars: (M P,), in ``views``' order.

    Args:
        without: the names of tensors whose scalars get 0.
    """
    blocks = [
        (per_model * (name not in without)).repeat_interleave(math.prod(shape))
        for name, shape in shapes.items()
    ]
    return torch.cat(blocks)


class Stack:
    """M models of one shape.

    Attributes:
        network: the stacked program.
        flat: (M P,) learned scalars, float32.
        learned: the same scalars as named tensors, views into ``flat``.
        n_learned: P, the number of learned scalars of one model.
        carried: the names of those that no gradient changes, see ``models.network.Moded``.
    """

    def __init__(
        self, models: Sequence[Model], n_inputs: int, n_outputs: int, device: torch.device
    ) -> None:
        self.models = tuple(models)
        network_class = cast(type, load(models[0].architecture.network))
        architectures, seeds = (
            [model.architecture for model in models],
            [model.seed for model in models],
        )
        self.network: Network = network_class(architectures, seeds, n_inputs, n_outputs, device)
        self.carried = getattr(self.network, "carried", frozenset[str]())
        self.n_learned = sum(math.prod(shape) for shape in self.network.learned.values())
        self.flat = torch.zeros(len(models) * self.n_learned, device=device)
        self.learned = views(self.flat, len(models), self.network.learned)
        first = {seed: self.network.initial(_generator(seed)) for seed in dict.fromkeys(seeds)}
        for position, seed in enumerate(seeds):
            for name, weights in first[seed].items():
                self.learned[name][position] = weights


def _generator(seed: int) -> torch.Generator:
    """Returns the random stream of a seed's first weights.

    It is the same for every candidate of a shape, so that comparisons are paired.
    """
    word = int(np.random.SeedSequence([seed, WEIGHT_STREAM]).generate_state(1)[0])
    return torch.Generator().manual_seed(word)
