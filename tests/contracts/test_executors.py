"""What every executor keeps, wherever outcomes are exchanged.

The trials are those of ``inline``, bit for bit. Outcomes on disk are recorded and not trained
again. A failure concerns only its trial.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from frontier_search import runner
from frontier_search.errors import SpecError
from frontier_search.executors import EXECUTORS, Where
from frontier_search.files import names_in
from frontier_search.frontier.frontier import Frontier
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.storage.locations import Locations
from frontier_search.trial import Cohort, Trial, TrialState
from tests.support import fakes, faulty, s3, toys

ASKED = toys.search(
    families={
        "dense": {"hidden": {"choice": [2, 4]}},
        "tests.support.faulty:FAMILY": None,
        "kronecker": {"hidden": 4},
    },
    trials=18,
    cohort=5,
    in_flight=3,
    sampler="tpe",
)
ON_DISK = "on disk"
OWN, SHARED, BUCKET = "own folder", "shared folder", "bucket"
LOCATIONS = [  # every executor of the table, what ours add, and CPUs a cohort
    *((executor, 2, OWN, None) for executor in EXECUTORS),
    ("inline", None, SHARED, 3),
    ("inline", None, BUCKET, None),
    ("ray_tune", 1, OWN, 2),
    ("ray_tune", 2, BUCKET, None),
]


def run(
    executor: str,
    workers: int | None,
    home: Path,
    outcomes: str | None = None,
    cpus: int | None = None,
) -> tuple[Entry, Frontier]:
    """Runs the search after a session that died with two cohorts in flight, one of them trained."""
    entry = catalog.define(ASKED, home, Locations.of(home, outcomes=outcomes))
    dead = Session(ASKED, entry.open_storage(writable=True))
    cohort, _ = dead.ask(), dead.ask()
    assert cohort is not None
    outcomes = [
        replace(fakes.train(candidate, ASKED.seeds, scale=100), worker=ON_DISK)
        for candidate in cohort.candidates
    ]
    entry.files.outcomes.write(cohort, outcomes, {})
    return entry, runner.conduct(entry, executor, Where(workers, cpus_per_cohort=cpus), ())


def plain(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """The trials without times and hosts."""
    rows = [trial.to_json(curves=True) for trial in trials]
    for row in rows:
        for key in ("seconds", "worker", "started_at", "finished_at"):
            del row[key]
        for seed in row["seeds"]:
            del seed["seconds"]
    return rows


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket. It is there before Ray, whose workers must find it too."""
    with s3.running():
        yield f"s3://{s3.BUCKET}"


@pytest.fixture(scope="module")
def on_two_workers(
    bucket: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Entry, Frontier]]:
    """The searches on two workers of Ray, which is started once for both."""
    found = {}
    for exchanged, outcomes in ((OWN, None), (BUCKET, f"{bucket}/ray_tune")):
        found[exchanged] = run("ray_tune", 2, tmp_path_factory.mktemp("home"), outcomes)
    return found


@pytest.fixture(scope="module", params=LOCATIONS, ids=lambda location: "-".join(map(str, location)))
def searched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Entry, Frontier]:
    executor, workers, exchanged, cpus = request.param
    if (executor, workers) == ("ray_tune", 2):
        found: tuple[Entry, Frontier] = request.getfixturevalue("on_two_workers")[exchanged]
        return found
    outcomes = None
    if exchanged == SHARED:
        outcomes = str(tmp_path_factory.mktemp("shared"))
    elif exchanged == BUCKET:
        outcomes = f"{request.getfixturevalue('bucket')}/{executor}"
    return run(executor, workers, tmp_path_factory.mktemp("home"), outcomes, cpus)


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Trial]:
    """The trials that ``inline`` gives."""
    return catalog.read_trials(run("inline", None, tmp_path_factory.mktemp("inline"))[0])


def test_every_executor_is_tested_here() -> None:
    assert {executor for executor, *_ in LOCATIONS} == set(EXECUTORS)


def test_it_gives_the_trials_of_inline(
    searched: tuple[Entry, Frontier], defined: Sequence[Trial]
) -> None:
    trials = catalog.read_trials(searched[0])
    assert len(trials) == ASKED.trials
    assert repr(plain(trials)) == repr(plain(defined))  # repr: a nan is not equal to itself
    assert searched[1].numbers() == Frontier.of(defined, ASKED.objective_table()).numbers()


def test_outcomes_on_disk_are_recorded_without_training(searched: tuple[Entry, Frontier]) -> None:
    trials = catalog.read_trials(searched[0])
    assert [trial.outcome.worker == ON_DISK for trial in trials if trial.outcome] == [True] * 5 + [
        False
    ] * 13


def test_only_the_trials_of_a_family_that_raises_fail(searched: tuple[Entry, Frontier]) -> None:
    for trial in catalog.read_trials(searched[0])[5:]:
        if trial.candidate.family == "tests.support.faulty:FAMILY":
            assert (trial.state, trial.reason) == (
                TrialState.FAIL,
                f"RuntimeError: {faulty.MESSAGE}",
            )
        else:
            assert trial.state is TrialState.COMPLETE


def test_only_the_models_of_the_frontier_remain(
    searched: tuple[Entry, Frontier],
) -> None:
    entry, frontier = searched
    files = entry.files
    assert any(member.cohort > 0 for member in frontier.members)
    assert list(files.outcomes.indices()) == []
    for trial in catalog.read_trials(entry):
        model = files.models.read(trial.number)
        if (
            trial.number in frontier.numbers() and trial.cohort > 0
        ):  # the first cohort had no weights on disk
            assert model is not None
            assert model.shape == (len(ASKED.seeds), trial.size["raw"])
        else:
            assert model is None


def test_exchanged_outcomes_stay_where_they_are_exchanged(
    searched: tuple[Entry, Frontier],
) -> None:
    entry = searched[0]
    below = {path.name for path in entry.folder.path.iterdir() if path.is_dir()}
    if entry.locations.outcomes is None:
        assert below == {"outcomes", "models", "code"}
        return
    assert below == set()
    assert names_in(entry.files.root) - {"outcomes"} == {
        "told",
        "models",
        "code",
        "session.json",
    }  # a bucket has no empty folder
    cohorts: dict[int, list[Trial]] = {}
    for trial in catalog.read_trials(entry):
        cohorts.setdefault(trial.cohort, []).append(trial)
    assert len(cohorts) == 4
    for index, trials in cohorts.items():
        archived = entry.files.archive.read(
            Cohort(index, tuple(t.number for t in trials), tuple(t.candidate for t in trials))
        )
        assert archived is not None
        assert repr(archived.outcomes) == repr(tuple(trial.outcome for trial in trials))
        assert archived.elapsed_s > 0


@pytest.mark.parametrize("executor", list(EXECUTORS))
def test_a_changed_file_is_refused_before_any_trial(executor: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("a,target\n" + "".join(f"{i},{i % 2}\n" for i in range(40)))
    entry = catalog.define(toys.search(dataset=str(rows)), tmp_path / "home")
    rows.write_text(rows.read_text() + "41,1\n")
    with pytest.raises(SpecError, match="has changed or gone since search 'toy-1' was defined"):
        runner.conduct(entry, executor, Where(1), ())
    assert catalog.read_trials(entry) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.parametrize("executor", list(EXECUTORS))
def test_a_missing_gpu_is_refused_before_any_trial(executor: str, tmp_path: Path) -> None:
    entry = catalog.define(toys.search(), tmp_path)
    with pytest.raises(SpecError, match=r"leave --gpus-per-cohort out to train on CPUs"):
        runner.conduct(entry, executor, Where(1, gpus_per_cohort=0.5), ())
    assert [trial for trial in catalog.read_trials(entry) if trial.state.finished] == []
