"""A search that version 0.1 defined continues with the models that it began with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from frontier_search import Search
from frontier_search.frontier.evidence import Evidence
from frontier_search.models.editions import EDITION, TANH, differs, family, name_today
from frontier_search.models.families import FAMILIES
from frontier_search.storage import catalog
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import train_cohort
from frontier_search.training.rows import Data
from frontier_search.trial import Cohort

FIXTURE = Path(__file__).parents[1] / "fixtures" / "home-0.1.0"
MOVED = "frontier_search.families.dense:FAMILY"


@pytest.mark.parametrize("name", [*TANH, MOVED])
def test_dense_was_tanh_and_is_relu(name: str) -> None:
    point = {"hidden": 4}
    before, now = (family(name, edition).build(point) for edition in (1, EDITION))
    assert (before.activation, now.activation) == ("tanh", "relu")  # type: ignore[attr-defined]
    assert before.size(3, 2) == now.size(3, 2)
    assert name_today(name, 1) != name
    assert name_today(name, EDITION) == name


def test_every_other_family_is_what_it_was() -> None:
    for name in FAMILIES:
        if name not in TANH:
            assert family(name, 1) is FAMILIES[name]
            assert not differs({name: None}, 1)


def test_a_search_of_0_1_trains_tanh_to_the_losses_that_it_recorded(tmp_path: Path) -> None:
    shutil.copytree(FIXTURE, tmp_path / "home")
    entry = catalog.find("finished", tmp_path / "home")
    assert entry.search.edition == 1
    trials = [trial for trial in catalog.read_trials(entry) if trial.candidate.family == "dense"]
    assert len(trials) == 4
    cohort = Cohort(0, (0, 1, 2, 3), tuple(trial.candidate for trial in trials))
    data = Data(entry.search.find_dataset(), entry.search.seeds, torch.device("cpu"))
    budget, none = entry.search.budget, Checkpoints(None)
    again = train_cohort(cohort, data, budget, none, edition=entry.search.edition)
    for trial, outcome in zip(trials, again.outcomes, strict=True):
        found = [seed.metrics["val_loss"] for seed in outcome.seeds]
        assert found == pytest.approx(trial.per_seed("val_loss"), rel=1e-6)
    relu = train_cohort(cohort, data, budget, none).outcomes[0]
    assert [seed.metrics["val_loss"] for seed in relu.seeds] != pytest.approx(
        trials[0].per_seed("val_loss"), rel=1e-3
    )
    names = {c.family for c in Evidence.of([(entry.search, trials)]).candidates}
    assert names == {"dense_tanh"}


def test_only_a_search_with_changed_families_is_another_one_today() -> None:
    spec = {"name": "one", "dataset": "iris", "trials": 4, "race": "none"}
    for families, sampler, same in (
        (["kronecker"], "random", True),
        (["kronecker"], "tpe", False),
        (["dense", "kronecker"], "random", False),
    ):
        before, now = (
            Search.from_spec(spec | {"families": families, "sampler": sampler, "edition": edition})
            for edition in (1, EDITION)
        )
        assert (before.fingerprint() == now.fingerprint()) is same
        assert Search.from_spec(before.to_spec()) == before


def test_an_edition_of_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="this version knows up to"):
        Search.from_spec({"name": "one", "dataset": "iris", "edition": EDITION + 1})
