"""Weights of rows, and several targets, in training and in what is measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from frontier_search.data.dataset import AnyRows, Dataset, Rows, Task, TrainingBudget
from frontier_search.data.seed_rows import SeedRows
from frontier_search.objective import OBJECTIVES
from frontier_search.training import loss
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import train_cohort
from frontier_search.training.rows import Data
from frontier_search.trial import Candidate, Cohort, SeedOutcome
from tests.support import toys

TASKS: tuple[Task, ...] = ("regression", "binary", "multiclass")
WHOLE = TrainingBudget(epochs=5, batch_size=1000)  # one batch an epoch
SETTINGS = {"hidden": 4, "steps": 2, "spectral_radius": 0.9, "graph_noise": 0.0, "ridge": 0.01}
NAMES = ("dense", "kronecker", "linear")


def trained(
    dataset: Dataset, objectives: tuple[str, ...] = (), names: tuple[str, ...] = NAMES
) -> list[SeedOutcome]:
    candidates = tuple(Candidate(name, SETTINGS | {"learning_rate": 0.01}) for name in names)
    cohort = Cohort(0, tuple(range(len(names))), candidates)
    data, asked = Data(dataset, (1, 2), torch.device("cpu")), [OBJECTIVES[n] for n in objectives]
    outcomes = train_cohort(cohort, data, WHOLE, Checkpoints(None), asked).outcomes
    assert [outcome.failure for outcome in outcomes] == [None] * len(names)
    return [seed for outcome in outcomes for seed in outcome.seeds]


def kept(n: int) -> NDArray[np.float32]:
    return (np.arange(n) % 3 > 0).astype(np.float32)


@pytest.mark.parametrize("task", TASKS)
def test_even_weights_change_nothing(task: Task) -> None:
    dataset = toys.dataset(task)
    even = toys.changed(
        dataset, lambda rows: Rows(rows.x, rows.y, np.full(len(rows), 2.5, dtype=np.float32))
    )
    for one, other in zip(trained(dataset), trained(even), strict=True):
        assert other.metrics == pytest.approx(dict(one.metrics), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("task", TASKS)
def test_rows_without_weight_are_as_if_they_were_not_there(task: Task) -> None:
    def weighted(rows: AnyRows) -> Rows:
        return Rows(rows.x, rows.y, 4 * kept(len(rows)))

    def without(rows: AnyRows) -> Rows:
        chosen = kept(len(rows)) > 0
        return Rows(np.ascontiguousarray(rows.x[chosen]), rows.y[chosen])

    dataset = toys.dataset(task)
    asked = ("rmse", "mae") if task == "regression" else ("brier", "balanced_error")
    pairs = zip(
        trained(toys.changed(dataset, weighted), asked),
        trained(toys.changed(dataset, without), asked),
        strict=True,
    )
    for one, other in pairs:
        assert one.metrics == pytest.approx(dict(other.metrics), rel=1e-3, abs=1e-4, nan_ok=True)


def test_weights_are_shared_by_the_processes_of_a_machine(tmp_path) -> None:  # type: ignore[no-untyped-def]
    dataset = toys.changed(toys.dataset(), lambda rows: Rows(rows.x, rows.y, kept(len(rows))))
    SeedRows.of(dataset.split, [1, 2]).write(tmp_path)
    data = Data(dataset, [1, 2], torch.device("cpu"), SeedRows.read(tmp_path))
    (chunk,) = data.chunks("val", 1000)
    assert chunk.weights is not None
    for own, weights in enumerate(chunk.weights):
        seen = kept(len(weights))
        # the mean weight of training rows is 1
        assert weights.numpy() == pytest.approx(seen / seen.mean(), rel=1e-6), own


def test_several_targets_are_learned_together() -> None:
    def several(rows: AnyRows) -> Rows:
        return Rows(rows.x, np.stack([rows.y, 1 - rows.y, rows.x[:, 0]], axis=1))

    dataset = toys.changed(toys.dataset("regression"), several, n_outputs=3)
    assert dataset.problems([1, 2]) == []
    for seed in trained(dataset, ("rmse", "r2_loss"), (*NAMES, "varpro")):
        assert 0 < seed.metrics["val_loss"] < 4
        assert np.isfinite(list(seed.metrics.values())).all()
    wrong = toys.changed(dataset, lambda rows: Rows(rows.x, rows.y[:, 0]))
    assert "float32 of shape (40, 3) is needed" in wrong.problems([1])[0]


def test_the_gradient_of_several_targets_and_weights_is_autograds() -> None:
    torch.manual_seed(0)
    outputs = torch.randn(2, 3, 5, requires_grad=True)
    targets, weights = torch.randn(2, 5, 3), torch.rand(2, 5)
    values = loss.row_losses("regression", outputs, targets)
    assert torch.allclose(values, (outputs - targets.mT).square().mean(dim=1))
    (expected,) = torch.autograd.grad((values * weights).mean(dim=1).sum(), outputs)
    found = loss.gradient("regression", outputs.detach().clone(), targets, weights)
    assert torch.allclose(found, expected, atol=1e-7)


def test_a_network_that_solves_refuses_weights_in_a_sentence() -> None:
    dataset = toys.changed(toys.dataset(), lambda rows: Rows(rows.x, rows.y, kept(len(rows))))
    cohort = Cohort(0, (0,), (Candidate("varpro", SETTINGS | {"learning_rate": 0.01}),))
    data = Data(dataset, [1], torch.device("cpu"))
    (outcome,) = train_cohort(cohort, data, WHOLE, Checkpoints(None)).outcomes
    assert "knows no weights of rows" in (outcome.failure or "")


def test_weights_are_checked() -> None:
    bad = toys.changed(
        toys.dataset(), lambda rows: Rows(rows.x, rows.y, -np.ones(len(rows), dtype=np.float32))
    )
    assert "weights must be float32" in bad.problems([1])[0]
