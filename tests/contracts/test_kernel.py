"""The compiled kernel equals the torch network, for every family that it covers.

Losses, weights and selected epochs are compared after 1 and 20 epochs: a wrong approximation of exp
once trained plausibly, 3 % off, and only such a comparison finds it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from frontier_search import split_pool
from frontier_search.data.dataset import Task, TrainingBudget
from frontier_search.models.architectures.factored import Factored, Learns
from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.architectures.fixed_input import FixedInput
from frontier_search.models.architectures.low_rank import LowRank
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.architectures.spline import Spline
from frontier_search.models.families import FAMILIES, PUBLISHED, kronecker, random_sparse
from frontier_search.models.family import Architecture
from frontier_search.models.networks.feedforward import FeedForwardStack
from frontier_search.models.program import COMPILED, Activation
from frontier_search.training.kernels.epochs import KernelEpochs, covers
from frontier_search.training.kernels.library import library
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack, group
from frontier_search.training.threads import Threads
from frontier_search.training.train import CURVES, StackTraining
from tests.contracts.test_families import CPU, NARROW, SEEDS, models, n_inputs_of, sampled, toy_for
from tests.support import toys

TASKS = get_args(Task)


def is_covered(name: str) -> bool:
    stack = group(models(name, sampled(name, 1, **NARROW)))[0]
    data = Data(toy_for(name, "regression"), SEEDS, CPU)
    return covers(Stack(stack, n_inputs_of(name), 1, CPU), data)


COVERED = [name for name in FAMILIES if not FAMILIES[name].fitted and is_covered(name)]


def train(
    models: list[Model],
    data: Data,
    budget: TrainingBudget,
    compiled: bool = True,
    threads: int = 1,
) -> StackTraining:
    dataset = data.dataset
    stack = Stack(models, dataset.n_features, dataset.n_outputs, CPU)
    training = StackTraining(stack, data, budget, compiled, Threads(threads))
    training.run()
    return training


def assert_equal(models: list[Model], data: Data, budget: TrainingBudget, within: float) -> None:
    torch_, kernel = (train(models, data, budget, compiled) for compiled in (False, True))
    assert isinstance(kernel.epochs, KernelEpochs)
    selected, expected = kernel.selection, torch_.selection
    assert torch.equal(selected.diverged_epoch, expected.diverged_epoch)
    whole = expected.diverged_epoch == 0
    for key in kernel.stack.learned:
        found, wanted = kernel.stack.learned[key][whole], torch_.stack.learned[key][whole]
        torch.testing.assert_close(found, wanted, rtol=within, atol=within)
    torch.testing.assert_close(selected.loss[whole], expected.loss[whole], rtol=within, atol=within)
    for name in CURVES:
        curve, wanted = (getattr(each, name)[:, whole] for each in (selected, expected))
        torch.testing.assert_close(curve, wanted, rtol=within, atol=within)
    assert torch.equal(selected.epoch[whole], expected.epoch[whole])


def test_the_kernel_is_installed_and_covers_the_published_families() -> None:
    assert library() is not None
    assert set(PUBLISHED) <= set(COVERED)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", COVERED)
def test_a_family_trains_the_same(name: str, task: Any) -> None:
    data = Data(toys.dataset(task), SEEDS, CPU)
    points = sampled(name, 4) if name in PUBLISHED else sampled(name, 2, hidden=16)
    for epochs, within in ((1, 1e-5), (20, 1e-4)):
        for stack in group(models(name, points)):
            slow = [replace(model, learning_rate=1e-3) for model in stack]
            assert_equal(slow, data, TrainingBudget(epochs, 16), within)


@pytest.mark.parametrize(
    ("task", "n_targets"), [*((task, None) for task in TASKS), ("regression", 3)]
)
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_family_trains_the_same_on_weighted_rows_and_for_several_targets(
    name: str, task: Any, n_targets: int | None
) -> None:
    dataset = toys.dataset(task) if n_targets is None else toys.several(toys.REGRESSION, n_targets)
    data = Data(toys.weighted(dataset), SEEDS, CPU)
    for stack in group(models(name, sampled(name, 2, hidden=16))):
        slow = [replace(model, learning_rate=1e-3) for model in stack]
        assert_equal(slow, data, TrainingBudget(3, 16), 1e-5)


@pytest.mark.parametrize("n_targets", [1, 2])
def test_weights_and_several_targets_of_a_shared_table_train_the_same(n_targets: int) -> None:
    """Its targets are scaled for each seed, and some of its features are missing."""
    pool = toys.pooled("regression")
    y = pool.y if n_targets == 1 else np.stack([pool.y, pool.x[:, 0] - 40], axis=1)
    pool = replace(pool, y=y, weights=np.linspace(0, 3, len(y), dtype=np.float32))
    pool.x[::7, -1] = np.nan
    dataset = replace(
        toys.dataset("regression"),
        n_outputs=n_targets,
        split=lambda seed: split_pool(pool, "regression", seed),
    )
    data = Data(dataset, SEEDS, CPU)
    assert data.rows.y_scaling is not None
    assert data.rows.y_scaling.shift.size == len(SEEDS) * n_targets
    (stack,) = group(models("kronecker", sampled("kronecker", 1, hidden=16)))
    assert_equal(stack, data, TrainingBudget(3, 16), 1e-4)


def architectures() -> st.SearchStrategy[Architecture]:
    """Any shape that the kernel knows, narrow and wide, with graphs of each kind."""
    hidden = st.integers(1, 40)
    dense = st.builds(
        FeedForward,
        hidden,
        layers=st.integers(0, 3),
        activation=st.sampled_from(get_args(Activation)),
        skip=st.booleans(),
    )
    extra = st.sampled_from([{}, {"gated": True}, {"leaks": (0.9, 0.2)}, {"graph_noise": 0.1}])
    sparse = st.builds(
        lambda hidden, steps, more: Reservoir(hidden, steps, random_sparse.GRAPH, **more),
        hidden.filter(lambda hidden: hidden > 2),
        st.integers(1, 5),
        extra,
    )
    powers = st.builds(
        lambda hidden, steps: Reservoir(hidden, steps, kronecker.GRAPH),
        st.sampled_from([2, 16, 128]),
        st.integers(1, 3),
    )
    reservoirs = st.one_of(st.builds(Reservoir, hidden), sparse, powers)
    ungated = reservoirs.filter(lambda core: not core.gated)
    factored = st.builds(
        lambda n, levels, steps, learns: Factored(n**levels, steps, initiator(n), learns),
        st.integers(2, 3),
        st.integers(1, 5),
        st.integers(1, 3),
        st.sampled_from(get_args(Learns)),
    )
    return st.one_of(
        dense,
        reservoirs,
        st.builds(FixedInput, ungated, st.sampled_from([0.3, 1.0])),
        st.builds(Spline, ungated, st.integers(3, 8)),
        st.builds(LowRank, st.integers(8, 40), st.integers(1, 8), st.integers(1, 3)),
        factored,
    )


def initiator(n: int) -> tuple[tuple[float, ...], ...]:
    """Fixed entries, some of which are zero; a spectral radius of about 1."""
    return tuple(tuple(float((3 * i + 2 * j) % 4) / (2 * n) for j in range(n)) for i in range(n))


@settings(max_examples=60)
@given(
    architecture=architectures(),
    task=st.sampled_from(TASKS),
    n_features=st.integers(1, 19),
    n_classes=st.integers(2, 9),
    batch=st.integers(1, 45),
    n_models=st.integers(1, 3),
    select=st.sampled_from(["best", "last"]),
    weight_decay=st.sampled_from([0.0, 0.1]),
    weighted=st.booleans(),
    n_targets=st.integers(1, 4),
)
def test_any_shape_and_any_odd_last_batch_train_the_same(
    architecture: Architecture,
    task: Any,
    n_features: int,
    n_classes: int,
    batch: int,
    n_models: int,
    select: Any,
    weight_decay: float,
    weighted: bool,
    n_targets: int,
) -> None:
    dataset = toys.dataset(task, n_features, n_classes=n_classes)
    if task == "regression":
        dataset = toys.several(dataset, n_targets)
    data = Data(toys.weighted(dataset) if weighted else dataset, SEEDS, CPU)
    chosen = [SEEDS[i % 2] for i in range(n_models)]
    stack = [Model(i, seed, architecture, 1e-4, weight_decay) for i, seed in enumerate(chosen)]
    assert_equal(stack, data, TrainingBudget(2, batch, select), 2e-5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("rate", [1e30, float("nan")])
@pytest.mark.parametrize("name", ["dense", "dense_tanh", "gated_kronecker"])
def test_what_explodes_diverges_in_the_same_epoch(name: str, task: Any, rate: float) -> None:
    """A saturated tanh may survive the largest rates; it does so in both, or in neither."""
    data = Data(toys.dataset(task), SEEDS, CPU)
    (stack,) = group(models(name, sampled(name, 1, **NARROW)))
    fast = [replace(model, learning_rate=rate) for model in stack]
    torch_, kernel = (train(fast, data, TrainingBudget(3, 16), c) for c in (False, True))
    assert torch.equal(kernel.selection.diverged_epoch, torch_.selection.diverged_epoch)
    assert torch.equal(torch.isfinite(kernel.selection.loss), torch.isfinite(torch_.selection.loss))
    assert np.isfinite(rate) or (kernel.selection.diverged_epoch == 1).all()


@pytest.mark.parametrize("name", COVERED)
def test_a_model_does_not_depend_on_its_stack(name: str) -> None:
    data, budget = Data(toys.dataset("multiclass"), SEEDS, CPU), TrainingBudget(3, 16)
    (stack, *_) = group(models(name, sampled(name, 3, **NARROW)))
    together = train(stack, data, budget).selected_weights()
    for model, weights in zip(stack, together, strict=True):
        alone = train([model], data, budget).selected_weights()
        assert np.array_equal(alone[0], weights)


@pytest.mark.parametrize("threads", [2, 3, 64])
@pytest.mark.parametrize("name", COVERED)
def test_a_model_does_not_depend_on_the_number_of_threads(name: str, threads: int) -> None:
    data, budget = Data(toys.dataset("multiclass"), SEEDS, CPU), TrainingBudget(3, 16)
    (stack, *_) = group(models(name, sampled(name, 3, **NARROW)))
    one, spread = (train(stack, data, budget, threads=n).state() for n in (1, threads))
    assert {key: spread[key].tobytes() for key in spread if key != "seconds"} == {
        key: one[key].tobytes() for key in one if key != "seconds"
    }


def test_the_table_of_compiled_networks_has_every_covered_family() -> None:
    """It is read without torch, to decide how many workers there are."""
    trained = [name for name in FAMILIES if not FAMILIES[name].fitted]
    built = {name: models(name, sampled(name, 1, **NARROW))[0].architecture for name in trained}
    assert [name for name in built if built[name].network in COMPILED] == COVERED


def test_what_the_kernel_does_not_know_stays_in_torch() -> None:
    """More layers than the kernel has room for, and a network of somebody's own."""
    data = Data(toys.dataset("binary"), SEEDS, CPU)
    deep, shallow = (FeedForward(4, layers) for layers in (40, 2))
    own = replace(shallow, network=f"{__name__}:OwnStack")
    for architecture, known in ((shallow, True), (deep, False), (own, False)):
        stack = Stack([Model(0, SEEDS[0], architecture, 1e-3)], 3, 1, CPU)
        assert covers(stack, data) == known


class OwnStack(FeedForwardStack):
    """A network that is nearly a shipped one."""


def test_a_restored_training_ends_the_same() -> None:
    data, name = Data(toys.dataset("binary"), SEEDS, CPU), "kronecker"
    (stack, *_) = group(models(name, sampled(name, 2, **NARROW)))
    whole = train(stack, data, TrainingBudget(6, 16))
    half = train(stack, data, TrainingBudget(3, 16)).state()
    made = Stack(stack, data.dataset.n_features, data.dataset.n_outputs, CPU)
    resumed = StackTraining(made, data, TrainingBudget(6, 16))
    resumed.restore(half)
    resumed.run()
    assert np.array_equal(resumed.selected_weights(), whole.selected_weights())
    assert torch.equal(resumed.selection.loss, whole.selection.loss)
