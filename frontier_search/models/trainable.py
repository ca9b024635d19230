"""What is trained without gradients: three functions, and a size that fitting may decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Rows, Task
from frontier_search.models.family import Size
from frontier_search.space import Value

Fitted = Mapping[str, NDArray[Any]]  # the whole model as named arrays, which need no pickle
Hyperparameters = Mapping[str, Value]


class Problem(NamedTuple):
    """What a model is fitted to.

    Attributes:
        task: regression (one number), binary (one logit) or multiclass (a logit a class).
        n_inputs: columns of x.
        n_outputs: columns of what ``predict`` returns.
    """

    task: Task
    n_inputs: int
    n_outputs: int


class SizeFunction(Protocol):
    def __call__(
        self, hyperparameters: Hyperparameters, n_inputs: int, n_outputs: int, fitted: Fitted | None
    ) -> Size: ...


@dataclass(frozen=True)
class Trainable:
    """A kind of model that is fitted in one go, on one seed's training rows.

    Attributes:
        size: (hyperparameters, n_inputs, n_outputs, fitted) -> the size of a fitted model, or,
            without one, the least that a model with these hyperparameters can have.
        fit: (hyperparameters, training rows, problem, seed) -> the model.
        predict: (model, x (n, d)) -> outputs (n, o): numbers, or logits of classes.
        space: the default space in YAML form, where no file holds it.
        program: import path of a function that makes a ``torch.nn.Module`` of a model, whose
            outputs are those of ``predict``. Without one a model cannot be logged.
    """

    size: SizeFunction
    fit: Callable[[Hyperparameters, Rows, Problem, int], Fitted]
    predict: Callable[[Fitted, NDArray[np.float32]], NDArray[np.floating[Any]]]
    space: Mapping[str, Any] | None = None
    program: str | None = None


@dataclass(frozen=True)
class Fit:
    """The architecture of what is fitted: it has no network, and is never stacked."""

    trainable: Trainable
    hyperparameters: tuple[tuple[str, Value], ...]
    network: str = "frontier_search.training.fitting:module"
    rank: int = 0

    @property
    def shape(self) -> tuple[object, ...]:
        return self.hyperparameters

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Returns the least size that a fitted model can have."""
        return self.trainable.size(dict(self.hyperparameters), n_inputs, n_outputs, None)


def fitting(trainable: Trainable) -> Callable[[Hyperparameters], Fit]:
    """Returns the ``build`` of a family."""
    return lambda hyperparameters: Fit(trainable, tuple(hyperparameters.items()))
