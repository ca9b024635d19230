"""A trial is written in an Optuna study and read back whole, and Optuna's own readers read it."""

from __future__ import annotations

import math
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection

from frontier_search.objective import OBJECTIVES
from frontier_search.sampling.encoding import FAMILY, candidate_of, distribution
from frontier_search.sampling.proposal import Proposal
from frontier_search.space import Choice, Float, Int
from frontier_search.storage import records
from frontier_search.storage.search_record import SearchRecord
from frontier_search.trial import Candidate, Cohort, Outcome, SeedOutcome, TrialState, flatten
from tests.support import toys

SIZE = {"raw": 9, "effective": 7, "flops": 30, "bytes": 36}
SPACE = {
    "dense.hidden": Choice((2, 4)),
    "dense.learning_rate": Float(1e-3, 1e-1, log=True),
    "dense.steps": Int(1, 8),
}
PARAMS: dict[str, Any] = {
    FAMILY: "dense",
    "dense.hidden": 4,
    "dense.learning_rate": 0.1 / 3,
    "dense.steps": 5,
}
DISTRIBUTIONS = {FAMILY: optuna.distributions.CategoricalDistribution(("dense", "kronecker"))} | {
    n: distribution(p) for n, p in SPACE.items()
}
PROPOSAL = Proposal(0, candidate_of(PARAMS), PARAMS, DISTRIBUTIONS, {"generation": 3}, {})
LOSS, PARAMS_OBJECTIVE, ACCURACY = OBJECTIVES["loss"], OBJECTIVES["params"], OBJECTIVES["accuracy"]

numbers = st.floats(allow_nan=False)
seed_outcomes = st.builds(
    SeedOutcome,
    st.integers(0, 2**32 - 1),
    st.dictionaries(st.sampled_from(["val_loss", "test_loss", "train_error"]), numbers),
    st.integers(0, 500),
    st.integers(0, 500),
    st.floats(0, 1e6),
    st.none() | st.integers(1, 500),
)
outcomes = st.builds(
    Outcome, st.lists(seed_outcomes, max_size=3).map(tuple), st.none() | st.text(), st.text()
)


def stored(n_objectives: int = 2) -> tuple[InMemoryStorage, int]:
    """A study that holds the proposed trial."""
    storage = InMemoryStorage()
    study = storage.create_new_study([StudyDirection.MINIMIZE] * n_objectives, "search")
    return storage, storage.create_new_trial(study, records.template(PROPOSAL, "search/0", 2, SIZE))


def test_a_new_study_names_its_objectives() -> None:
    """Everything inside is minimised, so the name of what is maximised says that it is negated."""
    storage, search = InMemoryStorage(), toys.search(objectives=["accuracy", "params"])
    SearchRecord(search, storage)
    study = optuna.load_study(study_name=search.name, storage=storage)
    assert study.metric_names == ["-accuracy", "params"]


def test_each_state_is_one_of_optunas() -> None:
    assert {str(ours): theirs.name.lower() for ours, theirs in records.OPTUNA_STATES.items()} == {
        str(s): str(s) for s in TrialState
    }
    assert set(records.STATES) == set(optuna.trial.TrialState)
    assert {state for state in TrialState if state.finished} == {
        s for s, theirs in records.OPTUNA_STATES.items() if theirs.is_finished()
    }


def test_a_proposed_trial_is_read_back_running() -> None:
    storage, trial_id = stored()
    frozen = storage.get_trial(trial_id)
    trial = records.read(frozen, [LOSS, PARAMS_OBJECTIVE])
    assert (trial.number, trial.uid, trial.cohort, trial.state) == (
        0,
        "search/0",
        2,
        TrialState.RUNNING,
    )
    assert trial.candidate == Candidate(
        "dense", {"hidden": 4, "learning_rate": 0.1 / 3, "steps": 5}
    )
    assert trial.size == SIZE
    assert (trial.objectives, trial.outcome, trial.reason, trial.finished_at, trial.seeds) == (
        {},
        None,
        None,
        None,
        (),
    )
    assert trial.started_at is not None
    assert frozen.params == PARAMS
    assert frozen.system_attrs == {"generation": 3}


def test_a_complete_trial_is_read_back_with_the_users_values() -> None:
    storage, trial_id = stored(3)
    outcome = Outcome(
        (
            SeedOutcome(101, {"val_loss": 0.5}, 1, 2, 0.25),
            SeedOutcome(202, {"val_loss": 0.75}, 2, 2, 0.5),
        ),
        worker="host:1",
    )
    storage.set_trial_user_attr(trial_id, records.OUTCOME, outcome.to_json())
    storage.set_trial_state_values(trial_id, optuna.trial.TrialState.COMPLETE, [0.625, 7.0, -0.9])
    trial = records.read(storage.get_trial(trial_id), [LOSS, PARAMS_OBJECTIVE, ACCURACY])
    assert trial.objectives == {"loss": 0.625, "params": 7, "accuracy": 0.9}
    assert isinstance(trial.objectives["params"], int)
    assert trial.outcome == outcome
    assert trial.outcome.seconds == 0.75
    assert trial.per_seed("val_loss") == [0.5, 0.75]
    assert trial.per_seed("val_error") == []
    assert trial.finished_at is not None
    assert trial.to_json()["seconds"] == 0.75


def test_a_failed_trial_is_read_back_with_its_reason_and_no_objectives() -> None:
    storage, trial_id = stored()
    storage.set_trial_user_attr(trial_id, records.REASON, "it diverged")
    storage.set_trial_state_values(trial_id, optuna.trial.TrialState.FAIL)
    trial = records.read(storage.get_trial(trial_id), [LOSS, PARAMS_OBJECTIVE])
    assert (trial.state, trial.reason, trial.objectives) == (TrialState.FAIL, "it diverged", {})


def test_a_study_with_other_objectives_is_an_error() -> None:
    storage, trial_id = stored()
    storage.set_trial_state_values(trial_id, optuna.trial.TrialState.COMPLETE, [0.5, 7.0])
    with pytest.raises(ValueError, match="shorter"):
        records.read(storage.get_trial(trial_id), [LOSS, PARAMS_OBJECTIVE, ACCURACY])


@given(outcomes)
def test_an_outcome_survives_json(outcome: Outcome) -> None:
    assert Outcome.from_json(outcome.to_json()) == outcome


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["hidden", "rate"]), st.integers() | numbers | st.booleans() | st.text()
        ),
        max_size=4,
    ),
    st.integers(0, 99),
)
def test_a_cohort_survives_json(points: list[dict[str, Any]], index: int) -> None:
    cohort = Cohort(
        index, tuple(range(len(points))), tuple(Candidate("dense", point) for point in points)
    )
    assert Cohort.from_json(cohort.to_json()) == cohort


def test_a_candidate_takes_only_the_parameters_of_its_own_family() -> None:
    params = {FAMILY: "dense", "dense.hidden": 4, "dense_deep.hidden": 8}
    assert candidate_of(params) == Candidate("dense", {"hidden": 4})
    path = "my.module:FAMILY"
    assert candidate_of({FAMILY: path, f"{path}.hidden": 4}) == Candidate(path, {"hidden": 4})


def test_flat_keys_are_joined_with_dots() -> None:
    assert flatten({"a": 1, "b": {"c": [2, {"d": None}], "e": {}}, "f": "text"}) == {
        "a": 1,
        "b.c.0": 2,
        "b.c.1.d": None,
        "f": "text",
    }
    assert math.isnan(flatten({"a": math.nan})["a"])
