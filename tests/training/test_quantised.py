"""A candidate with a number format is measured in it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from frontier_search.export.emitters import plan
from frontier_search.export.numbers import in_format
from frontier_search.export.scalars import Scalars
from frontier_search.models.families import FAMILIES
from frontier_search.training import cohort
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import Trained, train_cohort
from frontier_search.training.outputs import mean_loss
from frontier_search.training.rows import Data
from frontier_search.trial import Candidate, Cohort
from tests.support import toys

SEEDS = (101, 202)
DATASET = toys.shared("binary")
POINT = {"hidden": 4, "learning_rate": 0.03}
SPLINE = {"hidden": 4, "basis_functions": 3, "learning_rate": 0.1, "numbers": "int8"}
FORMATS = ("float32", "int8", "int16")


@pytest.fixture(scope="module")
def trained() -> Trained:
    candidates = [Candidate("dense", POINT)]
    candidates += [Candidate("dense", {**POINT, "numbers": each}) for each in FORMATS]
    candidates.append(Candidate("spline", SPLINE))
    every = Cohort(0, tuple(range(len(candidates))), tuple(candidates))
    data = Data(DATASET, SEEDS, torch.device("cpu"))
    return train_cohort(every, data, DATASET.budget, Checkpoints(None))


def test_float32_changes_nothing(trained: Trained) -> None:
    plain, named = trained.outcomes[:2]
    assert [seed.metrics for seed in plain.seeds] == [seed.metrics for seed in named.seeds]


@pytest.mark.parametrize("number", [2, 3])
def test_the_loss_is_that_of_the_integers(trained: Trained, number: int) -> None:
    built = FAMILIES["dense"].build(POINT)
    for seed, flat in zip(trained.outcomes[number].seeds, trained.weights[number], strict=True):
        split = DATASET.split(seed.seed)
        made = plan(built, Scalars(flat), seed.seed, DATASET.n_features, DATASET.n_outputs)
        final = in_format(made, split.train.x, FORMATS[number - 1])
        for part in ("train", "val", "test"):
            rows = getattr(split, part)
            wanted = mean_loss(DATASET.task, final.run(rows.x), rows.y)
            assert seed.metrics[f"{part}_loss"] == pytest.approx(wanted, rel=1e-6)
            assert seed.metrics[f"{part}_accuracy"] == 1 - seed.metrics[f"{part}_error"]


def test_formats_share_the_training_and_differ_in_what_they_measure(trained: Trained) -> None:
    for number in (2, 3):
        assert np.array_equal(trained.weights[0], trained.weights[number])
    losses = [trained.outcomes[i].seeds[0].metrics["val_loss"] for i in (1, 2, 3)]
    assert len(set(losses)) == 3
    assert abs(losses[2] - losses[0]) < abs(losses[1] - losses[0])


def test_formats_of_a_shape_are_trained_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stacks: list[int] = []
    grouped = cohort.group
    monkeypatch.setattr(
        cohort, "group", lambda models: stacks.append(len(models)) or grouped(models)
    )
    data = Data(DATASET, SEEDS, torch.device("cpu"))
    points = [{**POINT, "numbers": each} for each in FORMATS]
    points.append({**POINT, "learning_rate": 0.01, "numbers": "int8"})

    def outcomes(*numbers: int) -> list[object]:
        chosen = tuple(Candidate("dense", points[i]) for i in numbers)
        found = train_cohort(Cohort(0, numbers, chosen), data, DATASET.budget, Checkpoints(None))
        return [[seed.metrics for seed in each.seeds] for each in found.outcomes]

    together = outcomes(0, 1, 2, 3)
    assert stacks == [2 * len(SEEDS)]
    assert together == [each for i in range(4) for each in outcomes(i)]


def test_a_family_without_a_form_fails_by_itself(trained: Trained) -> None:
    failed = trained.outcomes[4]
    assert failed.seeds == ()
    assert "has no integer form" in str(failed.failure)
