"""Learning curves, and what a training reports at each budget, in torch and in the kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from frontier_search import OBJECTIVES, Candidate, Cohort, Outcome, TrainingBudget
from frontier_search.models.families import FAMILIES
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import train_cohort
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import CURVES, StackTraining
from frontier_search.trial import SeedOutcome
from tests.support import toys

CPU = torch.device("cpu")
SEEDS = (101, 202)
EPOCHS = 12
RATES = (0.003, 0.3)
DATA = Data(toys.MULTICLASS, SEEDS, CPU)


def training(budget: TrainingBudget, compiled: bool) -> StackTraining:
    built = FAMILIES["dense"].build({"hidden": 6})
    models = [Model(i, seed, built, rate) for i, rate in enumerate(RATES) for seed in SEEDS]
    return StackTraining(Stack(models, 3, 3, CPU), DATA, budget, compiled)


def trained(budget: TrainingBudget, compiled: bool) -> list[SeedOutcome]:
    made = training(budget, compiled)
    made.run()
    return made.outcomes()


def without_seconds(outcomes: list[SeedOutcome]) -> list[dict[str, Any]]:
    return [outcome.to_record() | {"seconds": 0.0} for outcome in outcomes]


EARLIER = st.sets(st.integers(1, EPOCHS - 1), max_size=4).map(sorted).map(tuple)


@settings(max_examples=25)
@given(earlier=EARLIER, select=st.sampled_from(["best", "last"]), compiled=st.booleans())
def test_the_outcome_at_a_budget_is_that_of_a_training_of_so_many_epochs(
    earlier: tuple[int, ...], select: Any, compiled: bool
) -> None:
    """To the last digit: its metrics on every split, its epoch and its learning curve."""
    whole = trained(TrainingBudget(EPOCHS, 16, select, earlier), compiled)
    for epochs in (*earlier, EPOCHS):
        smaller = tuple(budget for budget in earlier if budget < epochs)
        short = trained(TrainingBudget(epochs, 16, select, smaller), compiled)
        assert without_seconds([one.at(epochs) for one in whole]) == without_seconds(short)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_curve_has_the_loss_of_every_epoch(compiled: bool) -> None:
    (curve,) = {o.val_losses for o in trained(TrainingBudget(EPOCHS, 16), compiled)[:1]}
    for epoch in range(1, EPOCHS + 1):
        last = trained(TrainingBudget(epoch, 16, "last"), compiled)[0]
        assert curve.values()[epoch - 1] == pytest.approx(last.metrics["val_loss"], rel=2e-5)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_training_loss_of_an_epoch_is_that_before_its_updates(compiled: bool) -> None:
    """With one minibatch an epoch, it is that of the model that the epoch before has left."""
    everything = DATA.sizes["train"]
    running = training(TrainingBudget(EPOCHS, everything, "last"), compiled)
    running.run()
    losses = running.train_losses()
    assert losses.shape == (len(running.stack.models), EPOCHS)
    for epochs in range(1, EPOCHS):
        before = trained(TrainingBudget(epochs, everything, "last"), compiled)
        expected = [outcome.metrics["train_loss"] for outcome in before]
        assert losses[:, epochs] == pytest.approx(expected, rel=2e-5)


@settings(max_examples=15)
@given(earlier=EARLIER, killed=st.integers(1, EPOCHS - 1), compiled=st.booleans())
def test_a_resumed_training_has_the_whole_curve_and_every_budget(
    earlier: tuple[int, ...], killed: int, compiled: bool
) -> None:
    budget = TrainingBudget(EPOCHS, 16, "best", earlier)
    whole, states = training(budget, compiled), []
    whole.run(lambda running: states.append({k: np.copy(v) for k, v in running.state().items()}))
    resumed = training(budget, compiled)
    assert resumed.restore(states[killed - 1])
    resumed.run()
    assert without_seconds(resumed.outcomes()) == without_seconds(whole.outcomes())


@pytest.mark.parametrize("missing", CURVES)
def test_a_checkpoint_of_an_earlier_version_is_not_used(tmp_path: Path, missing: str) -> None:
    """It lacks a curve, so training begins again, and ends as if nothing had been there."""
    cohort = Cohort(0, (0,), (Candidate("dense", {"hidden": 4, "learning_rate": 0.01}),))
    budget = TrainingBudget(4, 16)

    class Old(Checkpoints):
        def begin(self, stack: str, part: str | None = None) -> Any:
            state = Checkpoints.begin(self, stack, part)
            return {k: v for k, v in state.items() if k != missing} if state else None

    first = train_cohort(cohort, DATA, budget, Checkpoints(tmp_path, every_s=0.0))
    again = train_cohort(cohort, DATA, budget, Old(tmp_path))
    assert without_seconds(list(again.outcomes[0].seeds)) == without_seconds(
        list(first.outcomes[0].seeds)
    )
    assert again.outcomes[0].train_losses == first.outcomes[0].train_losses


def test_a_model_that_diverges_later_is_sound_at_the_budget_before() -> None:
    outcome = SeedOutcome(1, {"val_loss": 1.0}, 3, 9, 0.9, diverged_epoch=5)
    (trained_,) = trained(TrainingBudget(4, 16, "best", (2,)), True)[:1]
    both = SeedOutcome(1, trained_.metrics, 3, 4, 0.8, 3, trained_.val_losses, trained_.budgets)
    assert outcome.at(9).diverged_epoch == 5
    assert both.at(2).diverged_epoch is None
    assert both.at(2).seconds == pytest.approx(0.4)
    with pytest.raises(KeyError):
        both.at(3)


def test_an_outcome_comes_back_from_its_record_with_a_latency_that_no_budget_changes() -> None:
    cohort = Cohort(0, (0,), (Candidate("dense", {"hidden": 4, "learning_rate": 0.01}),))
    budget = TrainingBudget(3, 16, "best", (1, 2))
    asked = [OBJECTIVES["latency_ms"]]
    (outcome,) = train_cohort(cohort, DATA, budget, Checkpoints(None), asked).outcomes
    assert Outcome.from_json(outcome.to_json()) == outcome
    assert len(outcome.train_losses.values()) == budget.epochs
    for seed in outcome.seeds:
        assert seed.at(1).metrics.keys() == seed.metrics.keys()
        assert seed.at(1).metrics["val_latency_ms"] == seed.metrics["val_latency_ms"]


def test_an_outcome_of_an_earlier_version_has_neither_curve_nor_budgets() -> None:
    outcome = SeedOutcome(1, {"val_loss": 0.5, "test_loss": 0.25}, 2, 3, 0.1)
    record = outcome.to_record()
    assert record == outcome.to_json()
    assert not {"curve", "budgets"} & set(record)
    assert SeedOutcome.from_record(record) == outcome
    whole = Outcome((outcome,))
    assert "train_curve" not in whole.to_json()
    assert Outcome.from_json(whole.to_json()) == whole
