"""Baselines: every method on every task, with the metrics of a trial and a JSON form."""

from __future__ import annotations

import json

import numpy as np
import pytest

from frontier_search.data.dataset import Dataset
from frontier_search.data.datasets import DATASETS
from frontier_search.frontier.baselines import METHODS, SURE, Baseline, best, measure_baselines
from tests.support import toys

SEEDS = (101, 202)


@pytest.mark.parametrize(
    "toy", [toys.MULTICLASS, toys.REGRESSION, toys.dataset("binary")], ids=lambda d: d.task
)
def test_every_method_on_every_task(toy: Dataset) -> None:
    baselines = measure_baselines(toy, SEEDS)
    assert [baseline.name for baseline in baselines] == list(METHODS)
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
