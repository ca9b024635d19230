"""Baselines: every method on every task, with the metrics of a trial and a JSON form."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from frontier_search.data.dataset import Dataset, Rows, Split
from frontier_search.data.datasets import DATASETS
from frontier_search.frontier.baselines import (
    SURE,
    Baseline,
    best,
    measure_baselines,
    measure_references,
)
from frontier_search.frontier.constant import constant_losses
from frontier_search.frontier.methods import METHODS
from tests.support import toys

SEEDS = (101, 202)


@pytest.mark.parametrize(
    "toy", [toys.MULTICLASS, toys.REGRESSION, toys.dataset("binary")], ids=lambda d: d.task
)
def test_every_method_on_every_task(toy: Dataset) -> None:
    baselines = measure_baselines(toy, SEEDS)
    assert [baseline.name for baseline in baselines] == list(METHODS)[1:]
    metrics = {"loss"} if toy.task == "regression" else {"loss", "error", "accuracy"}
    for baseline in baselines:
        assert [seed.seed for seed in baseline.seeds] == list(SEEDS)
        for seed in baseline.seeds:
            assert set(seed.metrics) == {
                f"{split}_{metric}" for split in ("val", "test") for metric in metrics
            }
            assert np.isfinite(list(seed.metrics.values())).all()
        assert Baseline.from_json(json.loads(json.dumps(baseline.to_json()))) == baseline
    assert best(baselines).mean("val_loss") == min(
        baseline.mean("val_loss") for baseline in baselines
    )
    assert measure_baselines(toy, SEEDS) == baselines


def test_a_linear_method_fails_on_sine_and_some_method_solves_iris() -> None:
    sine = {
        baseline.name: baseline.mean("test_loss")
        for baseline in measure_baselines(DATASETS["sine"], SEEDS)
    }
    assert sine["SVM"] < 0.02 < 0.3 < sine["ridge"]  # the noise is 0.01
    assert best(measure_baselines(DATASETS["iris"], SEEDS)).mean("val_error") < 0.1


def test_a_wrong_neighbour_with_probability_1_does_not_make_the_loss_infinite() -> None:
    (knn,) = [
        baseline
        for baseline in measure_baselines(DATASETS["wine"], SEEDS)
        if baseline.name == "kNN"
    ]
    assert knn.mean("val_loss") < -np.log(SURE)


@pytest.mark.parametrize("name", ["iris", "friedman1"])
def test_the_references_are_a_constant_and_a_linear_model(name: str) -> None:
    dataset = DATASETS[name]
    constant, linear = measure_references(dataset, SEEDS)
    assert (constant.name, linear.name) == ("constant", "linear")
    for mean, seed in zip(constant_losses(dataset, SEEDS), constant.seeds, strict=True):
        assert seed.metrics["test_loss"] == pytest.approx(mean)
    assert linear.mean("val_loss") < 0.8 * constant.mean("val_loss")
    assert linear.hyperparameters["params"] == (dataset.n_features + 1) * dataset.n_outputs


def test_the_references_know_the_weights_of_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 1)).astype(np.float32)
    heavy = np.arange(400) % 4 == 0  # these follow x, and the others follow -x
    y = np.where(heavy, x[:, 0], -x[:, 0]).astype(np.float32)
    losses = []
    for weights in (None, np.where(heavy, 9.0, 0.0).astype(np.float32)):
        rows = Rows(x, y, weights)
        dataset = replace(DATASETS["friedman1"], split=lambda _, r=rows: Split(r, r, r))
        _, linear = measure_references(dataset, SEEDS)
        losses.append(linear.mean("test_loss"))
    assert losses[1] < 0.01 < 0.5 < losses[0]
