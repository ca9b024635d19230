"""Fits what is trained without gradients, one seed after another, and measures it like the rest."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from frontier_search.data.dataset import Rows, TrainingBudget
from frontier_search.errors import SpecError, TrialError
from frontier_search.models.family import Architecture
from frontier_search.models.trainable import Fit, Fitted, Problem
from frontier_search.objective import Objective
from frontier_search.training import metrics
from frontier_search.training.rows import Data, StackedRows
from frontier_search.trial import SPLITS, AtBudget, SeedOutcome
from frontier_search.zoo import load

LENGTH_BYTES = 8


def fit(
    architecture: Architecture,
    data: Data,
    budget: TrainingBudget,
    objectives: Sequence[Objective] = (),
) -> tuple[list[SeedOutcome], NDArray[Any], dict[str, int]]:
    """Fits a candidate on every seed.

    It has no epochs: at every budget it is what it is at the end.

    Returns:
        the outcomes, the packed models (n_seeds, bytes), and the sizes, means over the seeds.
    """
    kind, dataset = cast(Fit, architecture), data.dataset
    if data.rows.pool.weights is not None:
        raise TrialError("what is fitted in one go knows no weights of rows")
    trainable, hyperparameters = kind.trainable, dict(kind.hyperparameters)
    problem = Problem(dataset.task, dataset.n_features, dataset.n_outputs)
    parts = {part: all_rows(data, part) for part in SPLITS}
    outcomes, models, sizes, units = [], [], [], data.units().cpu()
    for i, seed in enumerate(data.seeds):
        started = time.perf_counter()
        x, y = parts["train"].x[i].T.numpy(), parts["train"].y[i].numpy()
        fitted = trainable.fit(hyperparameters, Rows(np.ascontiguousarray(x), y), problem, seed)
        seconds = time.perf_counter() - started
        found: dict[str, float] = {}
        for part, rows in parts.items():
            own = StackedRows(rows.x[i : i + 1], rows.y[i : i + 1])
            outputs = _outputs(trainable.predict(fitted, own.x[0].T.numpy()), own, problem)
            forward = partial(given, outputs)
            (values,) = metrics.on_rows(dataset.task, forward, [own], objectives, units[i : i + 1])
            found |= {f"{part}_{name}": value for name, value in values.items()}
        at = {epochs: AtBudget(epochs, found) for epochs in budget.budgets}
        outcomes.append(SeedOutcome(seed, found, budget.epochs, budget.epochs, seconds, budgets=at))
        models.append(fitted)
        sizes.append(
            trainable.size(hyperparameters, problem.n_inputs, problem.n_outputs, fitted).counts()
        )
    mean = {name: round(float(np.mean([size[name] for size in sizes]))) for name in sizes[0]}
    return outcomes, pack(models), mean


def given(outputs: Tensor, x: Tensor) -> Tensor:
    """Returns outputs that are known already, in place of a forward pass."""
    return outputs


def all_rows(data: Data, part: str) -> StackedRows:
    """Returns the rows of a part for all seeds, in this machine's memory."""
    chunks = list(data.chunks(part, metrics.EVALUATION_ROWS))
    x, y = torch.cat([each.x for each in chunks], 2), torch.cat([each.y for each in chunks], 1)
    weights = [each.weights for each in chunks if each.weights is not None]
    return StackedRows(x.cpu(), y.cpu(), torch.cat(weights, 1).cpu() if weights else None)


def _outputs(found: NDArray[Any], rows: StackedRows, problem: Problem) -> Tensor:
    """Returns outputs (1, o, n)."""
    outputs = np.asarray(found, np.float32)
    wanted = (rows.y.shape[1], problem.n_outputs)
    if outputs.shape != wanted:
        raise TrialError(f"predict returns the shape {outputs.shape}; {wanted} is needed")
    return torch.from_numpy(outputs).T[None]


def pack(models: list[Fitted]) -> NDArray[np.uint8]:
    """Returns models as rows of bytes, which hold no pickle: a length, an .npz and padding."""
    contents = []
    for fitted in models:
        buffer = io.BytesIO()
        arrays = {name: np.asarray(array) for name, array in fitted.items()}
        np.savez(buffer, **arrays)  # type: ignore[arg-type]  # the stub's allow_pickle
        contents.append(buffer.getvalue())
    rows = np.zeros((len(contents), LENGTH_BYTES + max(map(len, contents))), np.uint8)
    for row, content in zip(rows, contents, strict=True):
        written = len(content).to_bytes(LENGTH_BYTES, "little") + content
        row[: len(written)] = np.frombuffer(written, np.uint8)
    return rows


def unpack(row: NDArray[np.uint8]) -> Mapping[str, NDArray[Any]]:
    """Returns the model in a row of ``pack``."""
    length = int.from_bytes(row[:LENGTH_BYTES].tobytes(), "little")
    content = row[LENGTH_BYTES : LENGTH_BYTES + length].tobytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def module(architecture: Fit, row: NDArray[Any]) -> nn.Module:
    """Returns the model in a row of ``pack`` as a torch module: (n, d) -> (n, o).

    Raises:
        SpecError: there is no program for this kind of model.
    """
    program = architecture.trainable.program
    if program is None:
        raise SpecError(
            "what was fitted has no torch program; give its Trainable one, as "
            "program='module:CLASS'."
        )
    made = cast(Callable[[Fitted], nn.Module], load(program))(unpack(row))
    return made.eval().requires_grad_(False)
