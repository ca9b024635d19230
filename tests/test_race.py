"""Which trials a race stops, and that the models of the others do not notice."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from frontier_search import Candidate, Cohort, Outcome, Search, Session, TrialState
from frontier_search.data.dataset import TrainingBudget
from frontier_search.models.editions import EDITION
from frontier_search.race import Race, log_loss, rungs
from frontier_search.storage.storage import JOURNAL, open_storage
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.cohort import train_cohort
from frontier_search.training.rows import Data
from tests.support import toys

POINTS = st.lists(
    st.tuples(st.integers(1, 5), st.floats(-3, 3), st.sampled_from("ab")), min_size=1, max_size=8
)


def race(points: list[tuple[int, float, str]], **changes: object) -> Race:
    leagues, known = tuple(p[2] for p in points), tuple((float(p[0]),) for p in points)
    return replace(Race(0.15, {2: {}}, leagues, known, 0.5, True), **changes)  # type: ignore[arg-type]


# ---- the rule ------------------------------------------------------------------------------------


def test_rungs_are_an_eighth_a_quarter_and_a_half() -> None:
    assert rungs(64) == (8, 16, 32)
    assert rungs(60) == (8, 15, 30)
    assert rungs(4) == (2,)
    assert rungs(2) == rungs(1) == ()


@given(POINTS)
def test_whoever_is_stopped_has_a_rival_that_is_no_larger_and_much_better(
    points: list[tuple[int, float, str]],
) -> None:
    losses = {i: point[1] for i, point in enumerate(points)}
    behind = race(points).behind(2, losses)
    for i, (size, loss, league) in enumerate(points):
        rivals = [p[1] for p in points if p[2] == league and p[0] <= size]
        assert (i in behind) is (loss > min(rivals) + 0.15)


@given(POINTS)
def test_recorded_trials_are_rivals_of_their_league(points: list[tuple[int, float, str]]) -> None:
    losses = {i: point[1] for i, point in enumerate(points)}
    fronts = {2: {"a": ((0.5, -4.0),)}}
    behind = race(points, fronts=fronts).behind(2, losses)
    assert all(i in behind for i, point in enumerate(points) if point[2] == "a")
    assert [i for i in behind if points[i][2] == "b"] == [
        i for i in race(points).behind(2, losses) if points[i][2] == "b"
    ]


def test_a_loss_that_is_not_finite_is_behind() -> None:
    curves = [np.array([1.0, 0.1]), np.array([1.0, math.nan])]
    assert log_loss(curves, 2, best=True) == math.inf
    assert log_loss(curves, 1, best=True) == 0.0
    assert race([(1, 0.0, "a")]).behind(2, {0: math.inf}) == [0]


def test_the_last_epoch_counts_where_it_is_reported() -> None:
    curve = [np.array([0.1, 1.0])]
    assert log_loss(curve, 2, best=True) == -1.0
    assert log_loss(curve, 2, best=False) == 0.0


@given(POINTS, st.floats(0, 1, exclude_max=True))
def test_the_audited_one_is_among_them(points: list[tuple[int, float, str]], draw: float) -> None:
    found = race(points, draw=draw)
    assert found.audited(range(len(points))) in range(len(points))
    assert Race.from_json(found.to_json()) == found


# ---- training ------------------------------------------------------------------------------------

DATA = Data(toys.MULTICLASS, (101, 202), torch.device("cpu"))


def cohort(fronts: bool) -> Cohort:
    """Four candidates of one stack; two of them lie behind whatever the loss."""
    candidates = tuple(
        Candidate("dense", {"hidden": 4, "learning_rate": rate})
        for rate in (1e-3, 3e-3, 1e-2, 3e-2)
    )
    front = {"low": ((0.0, -9.0),)}
    leagues = ("low", "high", "low", "high")
    known = tuple((1.0,) for _ in candidates)
    race = Race(9.0, {2: {}, 4: front}, leagues, known, 0.0, True) if fronts else None
    return Cohort(0, (0, 1, 2, 3), candidates, race)


def train(
    of: Cohort, compiled: bool, epochs: int = 8, checkpoints: Checkpoints | None = None
) -> tuple[Outcome, ...]:
    budget, edition = TrainingBudget(epochs, 16), EDITION if compiled else 1
    return train_cohort(
        of, DATA, budget, checkpoints or Checkpoints(None), edition=edition
    ).outcomes


@pytest.mark.parametrize("compiled", [True, False])
def test_the_others_train_as_if_nothing_had_been_stopped(compiled: bool) -> None:
    whole, raced = train(cohort(False), compiled), train(cohort(True), compiled)
    assert [outcome.stopped for outcome in raced] == [None, None, 4, None]
    assert [outcome.audited for outcome in raced] == [4, None, None, None]
    short = train(cohort(False), compiled, epochs=4)
    for position, outcome in enumerate(raced):
        expected = (short if position == 2 else whole)[position]
        for seed, other in zip(outcome.seeds, expected.seeds, strict=True):
            assert (seed.epochs, seed.epoch) == (other.epochs, other.epoch)
            assert seed.metrics == pytest.approx(other.metrics, rel=1e-5)
            assert seed.val_losses.values() == pytest.approx(other.val_losses.values(), rel=1e-4)
        own, other_curve = outcome.train_losses.values(), expected.train_losses.values()
        assert own == pytest.approx(other_curve, rel=1e-4)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("after", [1, 2, 3, 4, 6])
def test_a_worker_that_dies_in_any_epoch_changes_nothing(
    compiled: bool, after: int, tmp_path: Path
) -> None:
    expected = train(cohort(True), compiled)

    class Dies(Checkpoints):
        def save(self, *given: object) -> None:
            super().save(*given)  # type: ignore[arg-type]
            if given[1].epoch == after:  # type: ignore[attr-defined]
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(cohort(True), compiled, checkpoints=Dies(tmp_path, every_s=0.0))
    again = train(cohort(True), compiled, checkpoints=Checkpoints(tmp_path))
    for outcome, other in zip(again, expected, strict=True):
        assert (outcome.stopped, outcome.audited) == (other.stopped, other.audited)
        assert [seed.metrics for seed in outcome.seeds] == [seed.metrics for seed in other.seeds]


# ---- a search ------------------------------------------------------------------------------------


def racing(**changes: object) -> Search:
    families = {
        name: {"hidden": {"int": [2, 8]}, "learning_rate": {"float": [1e-4, 0.1], "log": True}}
        for name in ("dense", "no_recurrence")
    }
    return toys.search(
        **{"families": families, "trials": 24, "epochs": 16, "cohort": 6, "race": 0.02} | changes
    )


def play(search: Search, folder: Path, restart: bool) -> Session:
    """Trains a search in this process; with ``restart``, in a new session for each cohort."""

    def session() -> Session:
        return Session(search, open_storage(JOURNAL, folder, writable=True))

    data = Data(search.find_dataset(), search.seeds, torch.device("cpu"))
    live = session()
    while (asked := live.ask()) is not None:
        live.tell(asked, train_cohort(asked, data, search.budget, Checkpoints(None)).outcomes)
        live = session() if restart else live
    return live


def test_stopped_trials_are_pruned_and_on_no_front(tmp_path: Path) -> None:
    search = racing()
    live = play(search, tmp_path, restart=False)
    states = {trial.state for trial in live.trials}
    assert states == {TrialState.COMPLETE, TrialState.PRUNED}
    for trial in live.trials:
        stopped = trial.state is TrialState.PRUNED
        assert (trial.reason is not None) is stopped
        assert bool(trial.objectives) is not stopped
        assert all((seed.epochs < 16) is stopped for seed in trial.seeds)
        if stopped:
            assert trial.number not in live.frontier.numbers()
            assert "of 16: another trial, no larger" in (trial.reason or "")
    assert live.audits().n > 0


def test_a_race_is_the_same_after_any_interruption(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir(), other.mkdir()
    plain = [
        [(t.candidate, t.state, t.reason) for t in play(racing(), folder, restart).trials]
        for folder, restart in ((one, False), (other, True))
    ]
    assert plain[0] == plain[1]


@pytest.mark.parametrize(
    ("budget", "leagues"), [("balanced", {"dense", "varpro"}), ("free", {"", "varpro"})]
)
def test_families_that_solve_race_by_themselves(
    budget: str, leagues: set[str], tmp_path: Path
) -> None:
    search = racing(
        families={"dense": None, "varpro": None}, families_budget=budget, sampler="random"
    )
    asked = Session(search, open_storage(JOURNAL, tmp_path, writable=True)).ask()
    assert asked is not None
    assert asked.race is not None
    assert set(asked.race.leagues) == leagues


@pytest.mark.parametrize(
    ("changes", "margin"),
    [
        ({}, 0.3),
        ({"race": "none"}, None),
        ({"race": 0.15}, 0.15),
        ({"edition": 2}, None),
        ({"budgets": [4, 16]}, None),
        ({"objectives": ["error", "params"]}, None),
        ({"objectives": ["loss", "params", "bytes"]}, 0.3),
    ],
)
def test_searches_race_unless_they_cannot(changes: dict[str, object], margin: float | None) -> None:
    search = toys.search(**{"epochs": 16} | changes)
    assert search.race == margin
    assert Search.from_spec(search.to_spec()) == search
    before = Search.from_spec({**search.to_spec(), "edition": 2, "race": None})
    assert (before.fingerprint() == search.fingerprint()) is (margin is None)
