"""The rows of all seeds as stacks see them: the same as copies, shared, or in blocks."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import Any, NoReturn, get_args

import numpy as np
import pytest
import torch

from frontier_search.data.dataset import Rows, Split, Task, TrainingBudget
from frontier_search.seeds import ORDER_STREAM
from frontier_search.training import orders, rows
from frontier_search.training.orders import Orders
from frontier_search.training.rows import Data
from frontier_search.training.stack import Stack, group
from frontier_search.training.train import StackTraining
from tests.contracts.test_families import CPU, NARROW, SEEDS, models, sampled
from tests.support import toys


def state(data: Data, compiled: bool, batch_size: int) -> dict[str, bytes]:
    """Everything that training on these rows gives."""
    (stack, *_) = group(models("kronecker", sampled("kronecker", 2, **NARROW)))
    dataset = data.dataset
    made = Stack(stack, dataset.n_features, dataset.n_outputs, CPU)
    training = StackTraining(made, data, TrainingBudget(2, batch_size), compiled)
    training.run()
    arrays = {key: a.tobytes() for key, a in training.state().items() if key != "seconds"}
    return arrays | {"outcomes": repr([o.metrics for o in training.outcomes()]).encode()}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("task", get_args(Task))
def test_shared_rows_train_as_their_copies(task: Any, compiled: bool) -> None:
    shared = toys.shared(task, n_rows=300)

    def copied(seed: int) -> Split:
        split = shared.split(seed)
        return Split(*(Rows(part.x, part.y) for part in (split.train, split.val, split.test)))

    given = Data(shared, SEEDS, CPU), Data(replace(shared, split=copied), SEEDS, CPU)
    one, two = (state(data, compiled, 17) for data in given)
    assert one == two


@pytest.mark.parametrize("compiled", [False, True])
def test_blocks_change_nothing(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel packs at most 2^16 floats at a time, torch ``BLOCK`` bytes."""
    dataset = toys.dataset("multiclass", 40, n_rows=3000)
    whole = state(Data(dataset, SEEDS, CPU), compiled, 50)
    monkeypatch.setattr(rows, "BLOCK", 1 << 17)
    monkeypatch.setattr(rows, "KEPT", 0)
    monkeypatch.setattr("frontier_search.training.kernels.epochs.KEPT_VAL", 0)
    assert state(Data(dataset, SEEDS, CPU), compiled, 50) == whole


def test_the_kernel_trains_long_epochs_as_torch_does() -> None:
    data = Data(toys.dataset("multiclass", 40, n_rows=3000), SEEDS, CPU)
    (stack, *_) = group(models("dense", sampled("dense", 1, **NARROW)))
    slow = [replace(model, learning_rate=1e-4) for model in stack]
    losses = []
    for compiled in (False, True):
        training = StackTraining(Stack(slow, 40, 3, CPU), data, TrainingBudget(1, 50), compiled)
        training.run()
        losses.append(training.selection.loss)
    torch.testing.assert_close(*losses, rtol=1e-5, atol=1e-5)


def test_an_order_is_drawn_once_and_kept_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(orders, "KEPT_IN_MEMORY", 1000)
    monkeypatch.setattr(orders, "KEPT_IN_FILE", 2000)
    kept = Orders(SEEDS, 50)  # 400 bytes an epoch: two in memory, five in the file
    first = [kept.of(epoch) for epoch in range(1, 10)]
    for epoch, order in enumerate(first, 1):
        expected = [
            np.random.default_rng([seed, ORDER_STREAM, epoch]).permutation(50) for seed in SEEDS
        ]
        np.testing.assert_array_equal(order, expected)
        assert (kept.of(epoch) is order) == (epoch <= 7)
        np.testing.assert_array_equal(kept.of(epoch), expected)


def test_orders_are_drawn_again_where_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> NoReturn:
        raise OSError("no space left on device")

    monkeypatch.setattr(orders, "KEPT_IN_MEMORY", 0)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    kept = Orders(SEEDS, 50)
    np.testing.assert_array_equal(kept.of(3), kept.of(3))
