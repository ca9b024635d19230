"""The table of objectives: directions, values, and a sentence for every mistake."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.export.costs import Costs
from frontier_search.models.family import Size
from frontier_search.objective import (
    OBJECTIVES,
    Counted,
    metric_keys,
    objective_problems,
)
from frontier_search.trial import Candidate, Outcome, SeedOutcome, Trial, TrialState

KNOWN = [name for name, objective in OBJECTIVES.items() if objective.known]


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_an_objective_is_named_described_and_has_a_unit(name: str) -> None:
    objective = OBJECTIVES[name]
    assert objective.name == name
    assert objective.unit
    assert objective.description
    assert objective.direction in ("minimise", "maximise")


def test_a_known_objective_is_a_field_of_a_size() -> None:
    sources = [OBJECTIVES[name].source for name in KNOWN]
    counted = [source for source in sources if isinstance(source, Counted)]
    fields = {source.field for source in counted if not source.on_device}
    assert fields == set(Size(1, 1, 1, 1).counts())
    costs = {source.field for source in counted if source.on_device}
    assert costs == set(Costs(1, 1, 1, 1).counts())
    assert OBJECTIVES["params"].source == Counted("effective")
    assert OBJECTIVES["raw_params"].source == Counted("raw")


@given(st.sampled_from(list(OBJECTIVES)), st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_smaller_minimised_values_are_better(name: str, a: float, b: float) -> None:
    objective = OBJECTIVES[name]
    assert objective.from_minimised(objective.to_minimised(a)) == a
    better = a < b if objective.direction == "minimise" else a > b
    assert (objective.to_minimised(a) < objective.to_minimised(b)) is better


def test_only_accuracy_is_maximised() -> None:
    assert [
        name for name, objective in OBJECTIVES.items() if objective.direction == "maximise"
    ] == ["accuracy"]


def test_values_of_a_trial() -> None:
    first = SeedOutcome(1, {"val_loss": 0.25, "test_loss": 1.0, "val_latency_ms": 3.0}, 1, 1, 0.0)
    second = SeedOutcome(2, {"val_loss": 0.75, "test_loss": 2.0}, 1, 1, 0.0)
    size = {"raw": 7, "effective": 5, "flops": 9, "bytes": 11}
    seeds = Outcome((first, second))
    trial = Trial(0, "a/0", 0, TrialState.COMPLETE, Candidate("dense", {}), size, {}, seeds)
    loss, latency, params = (OBJECTIVES[name] for name in ("loss", "latency_ms", "params"))
    assert (loss.of(trial), params.of(trial)) == (0.5, 5.0)
    assert loss.per_seed(trial, "test") == [1.0, 2.0]
    assert params.per_seed(trial) == [5.0, 5.0]
    assert latency.per_seed(trial, "test") == [3.0]  # it has no splits
    assert math.isnan(latency.of(trial))  # a seed lacks it
    assert math.isnan(OBJECTIVES["error"].of(trial))
    with pytest.raises(TypeError, match="objective loss is measured"):
        loss.count(size)


def test_the_keys_of_measured_values() -> None:
    names = [name for name, objective in OBJECTIVES.items() if objective.has_splits]
    assert names[:3] == ["loss", "error", "accuracy"]
    expected = [f"{split}_{name}" for split in ("train", "val", "test") for name in names]
    assert metric_keys() == [*expected, "val_latency_ms"]


OF_CLASSES = {name for name, objective in OBJECTIVES.items() if objective.targets == "classes"}
OF_NUMBERS = {name for name, objective in OBJECTIVES.items() if objective.targets == "numbers"}


@given(st.lists(st.sampled_from(sorted(OBJECTIVES)), min_size=1, unique=True))
def test_different_objectives_are_fine_where_the_targets_are_theirs(names: list[str]) -> None:
    assert objective_problems(names, None) == []
    of_classes = objective_problems(names, "multiclass")
    assert len(of_classes) == len(objective_problems(names, "binary"))
    assert len(of_classes) == len(OF_NUMBERS & set(names))
    assert len(objective_problems(names, "regression")) == len(OF_CLASSES & set(names))


def test_all_mistakes_in_a_list_of_objectives_at_once() -> None:
    problems = objective_problems(["los", "params", "params", "error"], "regression")
    assert len(problems) == 3
    assert problems[0].startswith(
        "unknown objective 'los'. Did you mean 'loss'? Allowed: accuracy, auc_loss,"
    )
    assert problems[1] == "objective 'params' is listed twice; list it once."
    assert (
        problems[2] == "objective 'error' needs classes, and the dataset is a regression; use loss."
    )
    assert objective_problems([], None)[0].startswith(
        "no objective given; list one or more of loss, error,"
    )
