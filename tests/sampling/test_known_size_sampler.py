"""KnownSizeSampler in plain Optuna studies."""

from __future__ import annotations

import math
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial, TrialState

from frontier_search import KnownSizeSampler

optuna.logging.set_verbosity(optuna.logging.ERROR)
BOTH = ["minimize", "minimize"]


def size(params: Any) -> float:
    return float(10 * params.get("width", 1) * params.get("layers", 1))


def loss(trial: Trial) -> float:
    rate = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
    width = trial.suggest_int("width", 1, 128, log=True)
    kind = trial.suggest_categorical("kind", ["relu", "tanh", None])
    return width**-0.5 * (1 + (math.log10(rate) + 2.3) ** 2 + 0.3 * (kind is None))


def conditional(trial: Trial) -> tuple[float, float]:
    if trial.suggest_categorical("family", ["deep", "wide"]) == "deep":
        layers, width = trial.suggest_int("layers", 1, 4), 4
        value = 1 / (layers * width) + 0.1
    else:
        width = trial.suggest_int("width", 2, 64, step=2)
        trial.suggest_float("unused", 0.0, 1.0, step=0.25)
        value = 1 / width
    return value, size(trial.params)


def excess(trials: list[Any]) -> float:
    return sum(t.values[0] * t.params["width"] ** 0.5 for t in trials) / len(trials)


def test_a_plain_study_finds_the_front() -> None:
    study = optuna.create_study(directions=BOTH, sampler=KnownSizeSampler(size=size, seed=3))
    study.optimize(lambda trial: (loss(trial), size(trial.params)), n_trials=32)
    assert excess(study.trials[-10:]) < 0.85 * excess(study.trials[:16])  # 1 is the front


def test_the_same_study_gives_the_same_proposal() -> None:
    proposals = []
    for _ in range(2):
        sampler = KnownSizeSampler(size=size, seed=3)
        study = optuna.create_study(directions=BOTH, sampler=sampler)
        study.optimize(lambda trial: (loss(trial), size(trial.params)), n_trials=18)
        study.sampler = KnownSizeSampler(size=size, seed=3)
        trial = study.ask()
        loss(trial)
        proposals.append([each.params for each in study.trials])
    assert proposals[0] == proposals[1]


def test_a_conditional_study_is_learned_branch_by_branch() -> None:
    study = optuna.create_study(directions=BOTH, sampler=KnownSizeSampler(size=size, seed=3))
    study.optimize(conditional, n_trials=24)
    for trial in study.trials:
        names = {"layers"} if trial.params["family"] == "deep" else {"width", "unused"}
        assert set(trial.params) == {"family"} | names
    assert {trial.params["family"] for trial in study.trials[16:]} >= {"wide"}


def test_a_given_space_is_spread_and_bounds_are_kept() -> None:
    space = {
        "rate": FloatDistribution(1e-4, 1e-1, log=True),
        "width": IntDistribution(1, 128, log=True),
        "kind": CategoricalDistribution(["relu", "tanh", None]),
    }
    sampler = KnownSizeSampler(
        size=size, seed=3, space=space, admits=lambda params: params["width"] <= 3
    )
    study = optuna.create_study(directions=BOTH, sampler=sampler)
    study.optimize(lambda trial: (loss(trial), size(trial.params)), n_trials=20)
    assert all(trial.params["width"] <= 3 for trial in study.trials)


def test_failed_pruned_running_and_queued_trials_are_no_trouble() -> None:
    study = optuna.create_study(directions=BOTH, sampler=KnownSizeSampler(size=size, seed=3))
    study.enqueue_trial({"rate": 0.01, "width": 7, "kind": None})
    study.ask()  # runs for ever, without a parameter
    for number in range(30):
        trial = study.ask()
        value = loss(trial)
        if number % 5 == 1:
            study.tell(trial, state=TrialState.FAIL)
        elif number % 5 == 2:
            study.tell(trial, state=TrialState.PRUNED)
        elif number % 5 != 3:
            study.tell(trial, (value, size(trial.params)))
    assert len(study.trials) == 31


def test_a_measured_objective_may_be_maximised_and_stand_anywhere() -> None:
    sampler = KnownSizeSampler(size=lambda p: (size(p), 1 + p["width"]), seed=3, measured=1)
    study = optuna.create_study(directions=["minimize", "maximize", "minimize"], sampler=sampler)
    study.optimize(lambda trial: (-(0.0), 1 - loss(trial), 1 + trial.params["width"]), n_trials=20)
    assert len(study.trials) == 20


@pytest.mark.parametrize("directions", [["minimize"], ["minimize", "maximize"], ["minimize"] * 4])
def test_other_objectives_are_refused(directions: list[str]) -> None:
    study = optuna.create_study(directions=directions, sampler=KnownSizeSampler(size=size))
    with pytest.raises(ValueError, match="needs one measured objective and one or two known"):
        study.optimize(lambda trial: [loss(trial)] * len(directions), n_trials=1)


def test_a_size_that_is_not_positive_is_refused() -> None:
    space = {"width": IntDistribution(0, 3)}
    study = optuna.create_study(
        directions=BOTH, sampler=KnownSizeSampler(size=lambda p: p["width"], space=space)
    )
    with pytest.raises(ValueError, match="size gives 0"):
        study.optimize(lambda trial: (1.0, trial.suggest_int("width", 0, 3)), n_trials=1)
