"""The frontier equals Optuna's best trials and the non-dominated rows of the printed table.

Its hypervolume only grows.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.cli.main import group
from frontier_search.frontier.frontier import Frontier, Spread, losses
from frontier_search.frontier.hypervolume import Hypervolume
from frontier_search.frontier.pareto import nondominated
from frontier_search.objective import OBJECTIVES
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.storage.locations import Locations
from frontier_search.trial import Candidate, Trial, TrialState
from tests.support import fakes, toys

LOSS, PARAMS, ACCURACY, FLOPS = (
    OBJECTIVES[name] for name in ("loss", "params", "accuracy", "flops")
)


def trial(
    number: int, state: TrialState = TrialState.COMPLETE, cohort: int = 0, **objectives: float
) -> Trial:
    params = int(objectives.get("params", 1))
    size = {"raw": params, "effective": params, "flops": params, "bytes": params}
    return Trial(
        number,
        f"toy-1/{number}",
        cohort,
        state,
        Candidate("dense", {}),
        size,
        objectives if state is TrialState.COMPLETE else {},
    )


values = st.tuples(st.integers(0, 6).map(lambda v: v / 4), st.integers(1, 6))
histories = st.lists(
    st.tuples(values, st.sampled_from(list(TrialState)), st.integers(0, 3)), max_size=20
).map(
    lambda rows: [
        trial(i, state, cohort, loss=v[0], params=v[1]) for i, (v, state, cohort) in enumerate(rows)
    ]
)


@pytest.fixture(scope="module", params=["journal", "sqlite"])
def searched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Entry:
    """A finished search over three objectives with made-up outcomes, in each kind of storage."""
    home = tmp_path_factory.mktemp("home")
    url = f"sqlite:///{home}/search.db" if request.param == "sqlite" else None
    families = {
        name: {"hidden": {"choice": [2, 4, 8, 16]}}
        for name in ("dense", "kronecker", "no_recurrence")
    }
    entry = catalog.define(
        toys.search(
            objectives=["flops", "loss", "params"], trials=48, cohort=12, families=families
        ),
        home,
        Locations.of(home, storage=url),
    )
    fakes.play(Session(entry.search, entry.open_storage(writable=True)))
    return entry


def test_it_equals_best_trials_of_the_optuna_study(searched: Entry) -> None:
    storage: Any = searched.locations.storage
    if storage == "journal":  # as anyone who knows Optuna would load it
        backend = optuna.storages.journal.JournalFileBackend(
            str(searched.folder.path / "journal.log")
        )
        storage = optuna.storages.JournalStorage(backend)
    study = optuna.load_study(study_name="toy-1", storage=storage)
    assert len(study.trials) == 48
    frontier = Frontier.of(catalog.read_trials(searched), searched.search.objective_table())
    assert frontier.numbers() == {frozen.number for frozen in study.best_trials}
    assert {member.uid for member in frontier.members} == {
        frozen.user_attrs["uid"] for frozen in study.best_trials
    }
    assert 3 < len(frontier.members) < 48


def test_it_equals_the_nondominated_rows_of_the_printed_trials(searched: Entry) -> None:
    printed = CliRunner().invoke(
        group,
        ["trials", "toy-1", "--home", str(searched.folder.home), "--format", "csv"],
        catch_exceptions=False,
    )
    rows = [
        row for row in csv.DictReader(io.StringIO(printed.stdout)) if row["state"] == "complete"
    ]
    points = np.array(
        [[float(row[f"objectives.{name}"]) for name in ("flops", "loss", "params")] for row in rows]
    )
    members = {
        int(row["trial"]) for row, member in zip(rows, nondominated(points), strict=True) if member
    }
    assert (
        members
        == Frontier.of(catalog.read_trials(searched), searched.search.objective_table()).numbers()
    )


def test_the_hypervolume_grows_and_ends_at_that_of_the_frontier(searched: Entry) -> None:
    trials, objectives = catalog.read_trials(searched), searched.search.objective_table()
    meter = Hypervolume(trials, objectives)
    curve = [meter.of(trials[:n]) for n in range(len(trials) + 1)]
    assert curve[0] == 0.0
    assert all(after >= before - 1e-12 for before, after in itertools.pairwise(curve))
    assert curve[-1] > curve[12] > 0
    assert curve[-1] == pytest.approx(meter.of(Frontier.of(trials, objectives).members))


@given(histories)
def test_only_complete_trials_count(history: list[Trial]) -> None:
    frontier = Frontier.of(history, [LOSS, PARAMS])
    complete = [each for each in history if each.state is TrialState.COMPLETE]
    assert frontier.numbers() <= {each.number for each in complete}
    assert bool(frontier.members) is bool(complete)
    assert Frontier.of(complete, [LOSS, PARAMS]) == frontier


@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_trials_changes_nothing(history: list[Trial], random: Any) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)
    assert Frontier.of(shuffled, [LOSS, PARAMS]) == Frontier.of(history, [LOSS, PARAMS])
    meters = [Hypervolume(order, [LOSS, PARAMS]) for order in (history, shuffled)]
    assert meters[0].of(history) == pytest.approx(meters[1].of(shuffled))


@given(histories)
def test_hypervolume_never_falls(history: list[Trial]) -> None:
    meter = Hypervolume(history, [LOSS, PARAMS])
    curve = [meter.of(history[:n]) for n in range(len(history) + 1)]
    assert all(after >= before - 1e-12 for before, after in itertools.pairwise(curve))
    assert curve[-1] == pytest.approx(meter.of(Frontier.of(history, [LOSS, PARAMS]).members))


def test_members_are_in_the_order_of_rising_parameters() -> None:
    history = [
        trial(0, loss=0.1, params=50),
        trial(1, loss=0.3, params=10),
        trial(2, loss=0.2, params=20),
        trial(3, loss=0.3, params=10),
    ]
    assert [member.number for member in Frontier.of(history, [LOSS, PARAMS]).members] == [
        1,
        3,
        2,
        0,
    ]


def test_equal_trials_are_members_together() -> None:
    history = [
        trial(0, loss=0.5, params=5),
        trial(1, loss=0.5, params=5),
        trial(2, loss=0.6, params=5),
    ]
    assert Frontier.of(history, [LOSS, PARAMS]).numbers() == {0, 1}


def test_an_accuracy_is_better_when_it_is_larger() -> None:
    history = [
        trial(0, accuracy=0.9, params=10),
        trial(1, accuracy=0.8, params=10),
        trial(2, accuracy=0.8, params=5),
    ]
    assert Frontier.of(history, [ACCURACY, PARAMS]).numbers() == {0, 2}
    assert losses(history, [ACCURACY, PARAMS]).tolist() == [[-0.9, 10], [-0.8, 10], [-0.8, 5]]


def test_counts_enter_the_hypervolume_as_logarithms() -> None:
    history = [trial(0, loss=1.0, params=1000), trial(1, loss=0.5, params=10, cohort=1)]
    assert Hypervolume(history, [LOSS, PARAMS]).of(history) == pytest.approx(0.5 * 2)
    assert Hypervolume(history, [PARAMS]).of(history) == pytest.approx(2)


def test_the_reference_is_the_worst_of_the_first_cohort_with_a_complete_trial() -> None:
    history = [
        trial(0, TrialState.FAIL),
        trial(1, loss=0.5, params=10, cohort=1),
        trial(2, loss=0.2, params=100, cohort=1),
        trial(3, loss=9, params=1, cohort=2),
    ]
    reference = Hypervolume(history, [LOSS, PARAMS]).reference
    assert reference is not None
    assert reference.tolist() == [0.5, 2.0]


def test_without_a_complete_trial_there_is_neither_frontier_nor_volume() -> None:
    for history in (
        [],
        [trial(0, TrialState.FAIL), trial(1, TrialState.RUNNING), trial(2, TrialState.PRUNED)],
    ):
        assert Frontier.of(history, [LOSS, PARAMS]).members == ()
        assert Hypervolume(history, [LOSS, PARAMS]).of(history) == 0.0
        assert Frontier.of(history, [LOSS, PARAMS]).to_frame().empty


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_a_spread_is_the_mean_and_the_sample_standard_deviation(sample: list[float]) -> None:
    spread = Spread.of(sample)
    mean = math.fsum(sample) / len(sample)
    assert spread.n == len(sample)
    assert spread.mean == pytest.approx(mean, abs=1e-6)
    if len(sample) == 1:
        assert math.isnan(spread.std)
    else:
        assert spread.std == pytest.approx(
            math.sqrt(math.fsum((v - mean) ** 2 for v in sample) / (len(sample) - 1)), abs=1e-6
        )


def test_a_frame_has_one_row_for_each_member_with_the_columns_that_a_person_wants(
    searched: Entry,
) -> None:
    frontier = Frontier.of(catalog.read_trials(searched), searched.search.objective_table())
    frame = frontier.to_frame()
    assert frame["trial"].tolist() == [member.number for member in frontier.members]
    first = ["trial", "family", "params", "val_loss", "val_loss_std", "test_loss", "test_loss_std"]
    assert frame.columns.tolist()[: len(first)] == first
    assert frame["val_loss"].tolist() == [member.objectives["loss"] for member in frontier.members]
    assert frame["test_loss"].tolist() == [
        pytest.approx(np.mean(member.per_seed("test_loss"))) for member in frontier.members
    ]
    assert frame["hidden"].tolist() == [
        member.candidate.hyperparameters["hidden"] for member in frontier.members
    ]


def test_a_printed_frontier_is_a_line_for_each_member(searched: Entry) -> None:
    frontier = Frontier.of(catalog.read_trials(searched), searched.search.objective_table())
    head, *lines = str(frontier).splitlines()
    assert head.split() == [
        "trial",
        "family",
        *(each.name for each in frontier.objectives),
        "test",
        "loss",
    ]
    assert [int(line.split()[0]) for line in lines] == [each.number for each in frontier.members]
    assert max(map(len, lines)) < 80
    assert "empty" in str(Frontier.of([], [LOSS, PARAMS]))


def test_a_search_that_has_not_begun_has_an_empty_frontier(tmp_path: Path) -> None:
    entry = catalog.define(toys.search(), tmp_path)
    assert Frontier.of(catalog.read_trials(entry), entry.search.objective_table()).members == ()
