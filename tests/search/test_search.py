"""A search has a YAML form, a fingerprint of all that decides its trials, a dataset and sizes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from frontier_search.errors import SpecError
from frontier_search.files import write_arrays
from frontier_search.models.families import FAMILIES
from frontier_search.objective import OBJECTIVES, device_problem
from frontier_search.sampling.samplers import KNOWN_SIZE, SAMPLERS
from frontier_search.search.search import Search
from frontier_search.seeds import MAX_SEED
from frontier_search.trial import Candidate
from tests.support import toys

# ---- the YAML form -------------------------------------------------------------------------------

OF_CLASSES = [
    name
    for name, objective in OBJECTIVES.items()
    if objective.fits("multiclass") and not device_problem(name, None)
]
SEARCHES = st.fixed_dictionaries(
    {},
    optional={
        "families": st.lists(st.sampled_from(list(FAMILIES)), min_size=1, max_size=3, unique=True),
        "objectives": st.lists(st.sampled_from(OF_CLASSES), min_size=1, max_size=3, unique=True),
        "trials": st.integers(1, 10**6),
        "time_budget": st.one_of(st.none(), st.floats(1e-9, 1e12), st.sampled_from(["90s", "10m"])),
        "seeds": st.one_of(
            st.integers(1, 9),
            st.lists(st.integers(0, MAX_SEED), min_size=1, max_size=4, unique=True),
        ),
        "epochs": st.integers(1, 1000),
        "batch_size": st.integers(1, 1000),
        "select": st.sampled_from(["best", "last"]),
        "sampler": st.sampled_from([name for name in SAMPLERS if name != KNOWN_SIZE]),
        "families_budget": st.sampled_from(["balanced", "free"]),
        "require": st.lists(
            st.sampled_from(
                ["params<=1234567", "bytes<=1e9", "flops<=123456.5", "raw_params<=1e300"]
            ),
            max_size=3,
        ),
        "cohort": st.integers(1, 100),
        "in_flight": st.integers(1, 100),
        "seed": st.integers(0, 2**80),
    },
)


@settings(max_examples=40)
@given(SEARCHES)
def test_the_yaml_form_gives_the_search_back(changes: dict[str, Any]) -> None:
    search = toys.search(dataset="tests.support.toys:IMAGES", **changes)  # which every family takes
    assert Search.from_spec(search.to_spec()) == search
    assert Search.from_spec(yaml.safe_load(search.to_yaml())) == search
    assert Search.from_spec(yaml.safe_load(search.to_yaml())).fingerprint() == search.fingerprint()


# ---- the fingerprint -----------------------------------------------------------------------------

BASE = toys.search(families={"dense": None, "kronecker": None})
CHANGES: dict[str, list[Any]] = {  # field of a search -> other values, by the key of the YAML form
    "dataset": ["tests.support.toys:REGRESSION", "iris"],
    "families": [
        {"dense": None},
        {"kronecker": None, "dense": None},  # they take turns in their order
        {"dense": {"hidden": 4}, "kronecker": None},
        {"dense": {"hidden": {"choice": [4, 2, 8, 16, 32, 64]}}, "kronecker": None},
        {"dense": None, "kronecker": {"steps": {"int": [1, 8], "log": True}}},
    ],
    "objectives": [["params", "loss"], ["loss"], ["loss", "params", "flops"]],
    "seeds": [3, [202, 101]],
    "epochs": [3],
    "batch_size": [8],
    "budgets": [[1]],
    "select": ["last"],
    "sampler": ["tpe"],
    "families_budget": ["free"],
    "require": [["params<=1000"], ["params<=1000.5"], ["params<=1000", "flops<=1e6"]],
    "cohort": [5],
    "in_flight": [3],
    "seed": [1],
    "device": ["cortex-m0plus", "cortex-m4f"],
}
NOT_DECIDING = {"name": ["other"], "trials": [13, 1000], "time_budget": ["10m"]}


@pytest.mark.parametrize("key", list(CHANGES))
def test_the_fingerprint_changes_with_what_decides_the_trials(key: str) -> None:
    prints = {BASE.fingerprint()} | {
        toys.search(**{"families": {"dense": None, "kronecker": None}, key: value}).fingerprint()
        for value in CHANGES[key]
    }
    assert len(prints) == 1 + len(CHANGES[key])
    assert all(len(digits) == 16 and int(digits, 16) >= 0 for digits in prints)


@pytest.mark.parametrize("key", list(NOT_DECIDING))
def test_the_fingerprint_does_not_change_with_the_other_fields(key: str) -> None:
    for value in NOT_DECIDING[key]:
        other = toys.search(**{"families": {"dense": None, "kronecker": None}, key: value})
        assert other != BASE
        assert other.fingerprint() == BASE.fingerprint()


def test_the_fingerprint_does_not_change_with_when_a_search_ends() -> None:
    open_ended = toys.search(sampler=KNOWN_SIZE)
    settled = toys.search(sampler=KNOWN_SIZE, until="settled")
    assert settled != open_ended
    assert settled.fingerprint() == open_ended.fingerprint()


def test_every_field_of_a_search_is_in_one_of_the_two_tables() -> None:
    keys = {"time_budget_s": "time_budget"}
    fields = {keys.get(field.name, field.name) for field in dataclasses.fields(Search)}
    # above, below, in test_candidates, in test_editions, in table/test_rules, in test_sources, and
    # in export/test_costs
    elsewhere = {"until", "dataset_sha256", "candidates", "edition", "table", "race", "code"}
    elsewhere |= {"numbers", "warm_start"}
    assert set(CHANGES) | set(NOT_DECIDING) == fields - elsewhere


# ---- datasets ------------------------------------------------------------------------------------


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rows.csv"
    path.write_text(
        "a,b,target\n" + "".join(f"{i * 7 % 40 + 0.5},{i * i % 7},{i % 3}\n" for i in range(40))
    )
    return path


def test_a_file_is_remembered_by_its_absolute_path_and_its_digest(rows: Path) -> None:
    search = toys.search(dataset="rows.csv")
    assert search.dataset == str(rows)
    assert search.dataset_sha256 is not None
    assert len(search.dataset_sha256) == 64
    assert Search.from_spec(search.to_spec()) == search
    assert (search.find_dataset().n_features, search.find_dataset().n_outputs) == (2, 3)


def test_a_file_that_changes_is_another_search_and_is_refused_by_the_first(rows: Path) -> None:
    before = toys.search(dataset="rows.csv")
    assert before.find_dataset().n_features == 2
    rows.write_text("a,target\n" + "".join(f"{i},{i % 3}\n" for i in range(40)))
    with pytest.raises(
        SpecError,
        match=r"the file of .*rows\.csv has changed or gone since search 'toy-1' was defined; "
        "put it back, or start a new search",
    ):
        before.find_dataset()
    with pytest.raises(SpecError, match="has changed"):
        # the digest of the YAML form counts, not that of the file
        Search.from_spec(before.to_spec()).find_dataset()
    after = toys.search(dataset="rows.csv")
    assert after.fingerprint() != before.fingerprint()
    assert after.find_dataset().n_features == 1


@pytest.mark.parametrize("key", ["test_file", "val_file"])
def test_a_file_of_a_split_that_changes_is_refused_by_the_first_search(
    rows: Path, key: str
) -> None:
    files = {each: rows.with_name(f"{each}.csv") for each in ("test_file", "val_file")}
    for file in files.values():
        file.write_bytes(rows.read_bytes())
    spec = {"dataset": "rows.csv", **{each: str(file) for each, file in files.items()}}
    before = toys.search(**spec)
    assert Search.from_spec(before.to_spec()) == before
    assert len(before.find_dataset().split(1).test) == 40
    files[key].write_text("\n".join(rows.read_text().splitlines()[:21]) + "\n")
    for search in (before, Search.from_spec(before.to_spec())):
        with pytest.raises(SpecError, match=rf"the file of .*{key}\.csv has changed or gone"):
            search.find_dataset()
    after = toys.search(**spec)
    assert after.fingerprint() != before.fingerprint()
    part = {"test_file": "test", "val_file": "val"}[key]
    assert len(getattr(after.find_dataset().split(1), part)) == 20


def test_a_search_without_digests_of_its_split_is_read_as_it_was_defined(rows: Path) -> None:
    test_file = rows.with_name("test.csv")
    test_file.write_bytes(rows.read_bytes())
    spec = toys.search(dataset="rows.csv", test_file=str(test_file)).to_spec()
    assert len(spec.pop("test_sha256")) == 64  # an earlier version wrote none
    found = Search.from_spec(spec)
    assert found.to_spec() == spec and found.table.test_sha256 is None
    assert len(found.find_dataset().split(1).test) == 40


def test_a_file_named_like_a_dataset_does_not_stand_in_for_it(rows: Path) -> None:
    rows.rename(rows.with_name("iris"))
    search = toys.search(dataset="iris")
    assert (search.dataset, search.dataset_sha256) == ("iris", None)


def test_a_dataset_from_the_users_folder_is_remembered_by_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "X": rng.integers(0, 256, (50, 784), dtype=np.uint8),
        "y": np.arange(50, dtype=np.uint8) % 10,
    }
    write_arrays(tmp_path / "mnist_10k.npz", arrays)
    monkeypatch.delenv("FRONTIER_SEARCH_DATA", raising=False)
    from_the_network = toys.search(dataset="mnist", families=["dense"])
    assert from_the_network.dataset_sha256 is None
    monkeypatch.setenv("FRONTIER_SEARCH_DATA", str(tmp_path))
    with pytest.raises(SpecError, match=r"was defined without the file .*mnist_10k\.npz"):
        from_the_network.obtain_dataset()
    search = toys.search(dataset="mnist", families=["dense"])
    assert len(search.obtain_dataset().split(1).train) == 30
    assert search.fingerprint() != from_the_network.fingerprint()
    monkeypatch.delenv("FRONTIER_SEARCH_DATA")
    again = Search.from_spec(search.to_spec())  # reading a search needs no rows
    assert again == search
    with pytest.raises(SpecError, match="the file of mnist has changed or gone"):
        again.obtain_dataset()
    monkeypatch.setenv("FRONTIER_SEARCH_DATA", "data")
    with pytest.raises(SpecError, match=r"'data' is a relative path.*give the whole path"):
        toys.search(dataset="mnist", families=["dense"])


def test_a_dataset_named_by_an_import_path_is_found_again() -> None:
    search = toys.search(dataset="tests.support.toys:REGRESSION")
    assert search.dataset == "tests.support.toys:REGRESSION"
    assert search.find_dataset() is toys.REGRESSION


# ---- sizes ---------------------------------------------------------------------------------------


def test_sizes_are_the_familys_for_the_datasets_inputs_and_outputs() -> None:
    candidate = Candidate("dense", {"hidden": 4, "learning_rate": 0.01})
    # 3 inputs, 3 classes
    flops = 2 * (12 + 16 + 12) + 8
    assert BASE.size(candidate) == {"raw": 51, "effective": 51, "flops": flops, "bytes": 204}


@pytest.mark.parametrize(
    ("require", "admitted"),
    [
        ([], True),
        (["params<=51"], True),
        (["params<=50.9"], False),
        (["params<=99", "bytes<=99"], False),
    ],
)
def test_a_candidate_is_admitted_when_it_keeps_every_bound(
    require: list[str], admitted: bool
) -> None:
    search = toys.search(families={"dense": None}, require=require)
    assert search.admits(Candidate("dense", {"hidden": 4, "learning_rate": 0.01})) is admitted
