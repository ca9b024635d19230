"""What every family keeps whose models are fitted in one go: no pickle, and honest sizes."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import torch

from frontier_search.data.dataset import Rows, Task, TrainingBudget
from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES
from frontier_search.models.trainable import Fit, Problem, Trainable
from frontier_search.search.judging import judge
from frontier_search.search.search import Search
from frontier_search.training import fitting
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import train_cohort
from frontier_search.training.rows import Data
from frontier_search.trial import Candidate, Cohort, Outcome, SeedOutcome, Trial, TrialState
from tests.support import toys

SEEDS = (101, 202)
CPU = torch.device("cpu")
FITTED = [name for name in FAMILIES if FAMILIES[name].fitted]


def sampled(name: str) -> Fit:
    space = FAMILIES[name].default_space((1e-3, 1e-2))
    made = FAMILIES[name].build(space.sample(np.random.default_rng(3)))
    assert isinstance(made, Fit)
    return made


@pytest.mark.parametrize("task", get_args(Task))
@pytest.mark.parametrize("name", FITTED)
def test_what_is_kept_is_the_model_and_is_counted(name: str, task: Any) -> None:
    toy, architecture = toys.dataset(task), sampled(name)
    outcomes, packed, size = fitting.fit(architecture, Data(toy, SEEDS, CPU), TrainingBudget(4, 16))
    assert packed.dtype == np.uint8
    parameters, sizes = dict(architecture.hyperparameters), []
    for seed, outcome, row in zip(SEEDS, outcomes, packed, strict=True):
        kept, rows = fitting.unpack(row), toy.split(seed).val
        outputs = torch.from_numpy(rows.x)
        module = fitting.module(architecture, row)
        expected = architecture.trainable.predict(kept, rows.x)
        torch.testing.assert_close(
            module(outputs), torch.from_numpy(expected).float(), rtol=1e-4, atol=1e-4
        )
        torch.testing.assert_close(module(outputs[:1]), module(outputs)[:1])
        assert outcome.metrics["val_loss"] > 0
        assert outcome.at(4) is outcome
        sizes.append(architecture.trainable.size(parameters, 3, toy.n_outputs, kept))
    least = architecture.size(3, toy.n_outputs)
    assert min(each.effective for each in sizes) >= least.effective > 0
    assert size["effective"] == round(np.mean([each.effective for each in sizes]))
    again = fitting.fit(architecture, Data(toy, SEEDS, CPU), TrainingBudget(4, 16))
    assert [o.metrics for o in again[0]] == [o.metrics for o in outcomes]


@pytest.mark.parametrize("name", FITTED)
def test_several_targets_are_fitted_each(name: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 3)).astype(np.float32)
    rows = Rows(x, np.stack([x[:, 0], -2 * x[:, 1]], 1).astype(np.float32))
    architecture = sampled(name)
    problem = Problem("regression", 3, 2)
    fitted = architecture.trainable.fit(dict(architecture.hyperparameters), rows, problem, 1)
    outputs = architecture.trainable.predict(fitted, x)
    assert outputs.shape == (60, 2)
    for k in range(2):
        assert np.corrcoef(outputs[:, k], rows.y[:, k])[0, 1] > 0.5
    module = fitting.module(architecture, fitting.pack([fitted])[0])
    torch.testing.assert_close(
        module(torch.from_numpy(x)), torch.from_numpy(outputs).float(), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("name", FITTED)
def test_a_cohort_may_hold_what_is_fitted_beside_networks(name: str) -> None:
    fit = Candidate(name, dict(sampled(name).hyperparameters))
    net = Candidate("dense", {"hidden": 4, "learning_rate": 0.01})
    cohort = Cohort(0, (0, 1), (fit, net))
    data = Data(toys.MULTICLASS, SEEDS, CPU)
    trained = train_cohort(cohort, data, TrainingBudget(2, 16), Checkpoints(None))
    fitted, network = trained.outcomes
    assert (fitted.failure, network.failure) == (None, None)
    assert fitted.size is not None and network.size is None
    assert Outcome.from_json(fitted.to_json()) == fitted


def trial(size: int) -> Trial:
    return Trial(0, "t/0", 0, TrialState.RUNNING, Candidate("tree", {}), {"effective": size}, {})


def test_a_bound_is_kept_after_fitting_too() -> None:
    search = toys.search(require=["params<=100"])
    seed = SeedOutcome(101, {"val_loss": 1.0}, 1, 1, 0.0)
    outcome = Outcome((seed,), size={"effective": 101, "raw": 101, "flops": 1, "bytes": 1})
    values, reason = judge(trial(3), outcome, search.objective_table(), 1, search.require)
    assert values is None
    assert reason == "params is 101 after fitting, which breaks params<=100"
    assert judge(trial(3), outcome, search.objective_table(), 1)[0] == [1.0, 101.0]


def nearest(hyperparameters: Any, rows: Any, problem: Problem, seed: int) -> Any:
    return {"x": rows.x, "y": np.asarray(rows.y, np.float32)}


def predicted(fitted: Any, x: Any) -> Any:
    closest = ((x[:, None] - fitted["x"][None]) ** 2).sum(2).argmin(1)
    return fitted["y"][closest][:, None]


def counted(hyperparameters: Any, n_inputs: int, n_outputs: int, fitted: Any) -> Any:
    from frontier_search import Size

    n = len(fitted["x"]) * (n_inputs + 1) if fitted else 1
    return Size(raw=n, effective=n, flops=3 * n, bytes=4 * n)


NEAREST = Trainable(counted, nearest, predicted, {"k": [1]})
SPACELESS = Trainable(counted, nearest, predicted)
HERE = "tests.contracts.test_fitted"


def test_three_functions_of_ones_own_are_a_family() -> None:
    space = {"families": [f"{HERE}:NEAREST"], "dataset": "tests.support.toys:REGRESSION"}
    search = Search.from_spec(toys.SPEC | space)
    assert search.spaces[f"{HERE}:NEAREST"].to_spec() == {"k": 1}
    fit = search.architecture(Candidate(f"{HERE}:NEAREST", {"k": 1}))
    assert isinstance(fit, Fit)
    data = Data(toys.REGRESSION, SEEDS, CPU)
    outcomes, packed, size = fitting.fit(fit, data, TrainingBudget(1, 16))
    assert outcomes[0].metrics["train_loss"] == 0
    assert size["effective"] == 4 * data.sizes["train"]
    with pytest.raises(SpecError, match="no torch program; give its Trainable one"):
        fitting.module(fit, packed[0])
    with pytest.raises(SpecError, match="this Trainable has no space"):
        Search.from_spec(toys.SPEC | {"families": [f"{HERE}:SPACELESS"]})
