"""A search: every mistake at once with the nearest legal name, the YAML form both ways, and a fingerprint of all that decides the trials."""

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
from frontier_search.models.families import FAMILIES, PUBLISHED
from frontier_search.objective import OBJECTIVES
from frontier_search.sampling.samplers import SAMPLERS
from frontier_search.search.search import Search
from frontier_search.seeds import MAX_SEED, seeds_from_count
from frontier_search.space import Choice, Float
from frontier_search.spec import read_yaml
from frontier_search.trial import Candidate
from tests.support import toys


def problems(**changes: Any) -> tuple[str, ...]:
    """What is wrong with a search; a change to None leaves the key out."""
    with pytest.raises(SpecError) as caught:
        toys.search(**changes)
    return caught.value.problems


def only_problem(**changes: Any) -> str:
    (problem,) = problems(**changes)
    return problem


# ---- reading ----------------------------------------------------------------------------------------------------------------------------


def test_what_is_left_out_has_a_default() -> None:
    search = Search.from_spec({"name": "short", "dataset": "iris"})
    assert search.objectives == ("loss", "params")
    assert tuple(search.spaces) == PUBLISHED
    assert (search.trials, search.seeds, search.cohort, search.in_flight, search.seed) == (
        100,
        (101, 202, 303, 404, 505),
        16,
        3,
        0,
    )
    assert (search.sampler, search.families_budget, search.require, search.time_budget_s) == (
        "tpe",
        "balanced",
        (),
        None,
    )
    assert (search.epochs, search.batch_size, search.select) == (100, 32, "best")
    assert search.spaces["dense"]["learning_rate"] == Float(1e-3, 3e-2, log=True)  # iris's own
    assert search.budget.epochs == 100


def test_an_override_of_a_space_keeps_the_other_parameters() -> None:
    search = toys.search(
        families={"kronecker": {"steps": 3}, "dense": "default", "no_recurrence": None}
    )
    assert search.spaces["kronecker"]["steps"] == Choice((3,))
    assert search.spaces["kronecker"].names() == (
        "hidden",
        "steps",
        "spectral_radius",
        "graph_noise",
        "learning_rate",
    )
    assert search.spaces["dense"]["hidden"] == Choice((2, 4, 8, 16, 32, 64))


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("1.5h", 5400),
        (" 2 d ", 172800),
        ("45", 45),
        (45, 45.0),
        (0.5, 0.5),
        (1e-7, 1e-7),
    ],
)
def test_a_time_budget_has_a_unit_or_is_in_seconds(given: object, seconds: float) -> None:
    assert toys.search(time_budget=given).time_budget_s == seconds


def test_lists_may_be_written_with_commas() -> None:
    search = toys.search(
        objectives="loss, params,", families="dense, kronecker", require="params<=500, flops<=1e5"
    )
    assert search.objectives == ("loss", "params")
    assert list(search.spaces) == ["dense", "kronecker"]
    assert [str(bound) for bound in search.require] == ["params<=500", "flops<=100000"]


def test_seeds_are_a_count_or_a_list() -> None:
    assert toys.search(seeds=3).seeds == seeds_from_count(3) == (101, 202, 303)
    assert toys.search(seeds=[7, 0, MAX_SEED]).seeds == (7, 0, MAX_SEED)


@pytest.mark.parametrize(
    ("given", "seeds"),
    [("101,202,303", (101, 202, 303)), (" 7, 0 ", (7, 0)), ("42,", (42,)), ("3,2,1,", (3, 2, 1))],
)
def test_seeds_are_also_a_string_with_commas(given: str, seeds: tuple[int, ...]) -> None:
    assert toys.search(seeds=given).seeds == seeds
    assert toys.search(seeds=given).fingerprint() == toys.search(seeds=seeds).fingerprint()


# ---- mistakes ---------------------------------------------------------------------------------------------------------------------------


def test_all_mistakes_are_reported_at_once() -> None:
    found = problems(
        name="no/folder",
        nme="x",
        dataset="digit",
        families={"dens": None, "dense": {"hiden": 3, "hidden": {"int": [8, 2]}}},
        objectives=["los", "params", "params"],
        trials=0,
        seeds=0,
        epochs="many",
        batch_size=-1,
        cohort=True,
        in_flight=2.5,
        seed=-1,
        sampler="tppe",
        families_budget="fair",
        select="first",
        require=["params<1000", "loss<=1", "parms<=5"],
        time_budget="soon",
    )
    expected = [
        "unknown key 'nme'. Did you mean 'name'?",
        "unknown dataset 'digit'. Did you mean 'digits'?",
        "unknown family 'dens'. Did you mean 'dense'?",
        "family 'dense': unknown parameter 'hiden'. Did you mean 'hidden'?",
        "family 'dense': parameter 'hidden' has low > high: [8, 2]",
        "the name 'no/folder' cannot name a folder",
        "unknown objective 'los'. Did you mean 'loss'?",
        "objective 'params' is listed twice",
        "trials = 0; a whole number of at least 1 is needed.",
        "time_budget = 'soon'; write a positive time such as 90s, 10m or 2h.",
        "seeds = 0; at least one seed is needed",
        "epochs = 'many'; a whole number of at least 1 is needed.",
        "batch_size = -1; a whole number",
        "unknown select 'first'. Allowed: best, last.",
        "unknown sampler 'tppe'. Did you mean 'tpe'?",
        "unknown families_budget 'fair'. Did you mean 'free'? Allowed: balanced, free.",
        "cannot read the bound 'params<1000'",
        "the bound 'loss<=1' is on a measured objective",
        "unknown objective 'parms'. Did you mean 'params'?",
        "cohort = True; a whole number",
        "in_flight = 2.5; a whole number",
        "seed = -1; a whole number of at least 0 is needed.",
    ]
    unsaid = [
        start for start in expected if not any(problem.startswith(start) for problem in found)
    ]
    assert unsaid == []
    assert len(found) == len(expected)


@pytest.mark.parametrize("key", ["name", "dataset"])
def test_a_name_and_a_dataset_are_needed(key: str) -> None:
    assert len(problems(**{key: None})) == 1


@pytest.mark.parametrize(
    ("families", "words"),
    [
        (5, "families = 5; give a list of names, or a mapping from names to spaces."),
        ({}, "no family given; list one or more of dense,"),
        ([], "no family given"),
        ({1: {}}, "unknown family '1'"),
        ([["dense"]], "unknown family"),
        (["dense", "dense"], "family 'dense' is listed twice; list it once."),
        ("dense,dense", "family 'dense' is listed twice; list it once."),
        (
            {"dense": 5},
            "family 'dense': the space is 5; give a mapping of parameters, or `default`.",
        ),
        ({"dense": ["hidden"]}, "family 'dense': the space is ['hidden']"),
        (
            {"kronecker": {"hidden": 3}},
            "family 'kronecker': hidden = 3; a Kronecker graph has a power of two of units",
        ),
        (
            {"kronecker": {"hidden": {"int": [2, 64]}}},
            "a Kronecker graph has a power of two of units",
        ),
        (
            {"kronecker": {"steps": 0}},
            "family 'kronecker': steps = 0; a recurrence needs at least one step",
        ),
        (
            {"dense": {"hidden": 0}},
            "family 'dense': hidden = 0; at least one hidden unit is needed.",
        ),
        (
            {"dense": {"hidden": "wide"}},
            "family 'dense': hidden = 'wide'; a whole number is needed.",
        ),
        (
            {"dense": {"hidden": {"float": [2, 8]}}},
            "family 'dense': hidden = 2.0; a whole number is needed.",
        ),
        (
            {"dense": {"hidden": {"choice": [2, "4"]}}},
            "family 'dense': hidden = '4'; a whole number is needed.",
        ),
        (
            {"dense": {"learning_rate": 0}},
            "family 'dense': learning_rate = 0; a number above 0 is needed.",
        ),
        (
            {"dense": {"learning_rate": {"float": [-1, 1]}}},
            "family 'dense': learning_rate = -1.0; a number above 0 is needed.",
        ),
        (
            {"dense_adamw": {"weight_decay": -0.1}},
            "family 'dense_adamw': weight_decay = -0.1; a number of at least 0 is needed.",
        ),
        (
            {"dense": {"learning_rate": "fast"}},
            "family 'dense': learning_rate = 'fast'; a number is needed.",
        ),
        (
            ["tests.nosuch:FAMILY"],
            "cannot load 'tests.nosuch:FAMILY': No module named 'tests.nosuch'.",
        ),
        (["tests.support.toys:search"], "'tests.support.toys:search' is a function, not a Family"),
    ],
)
def test_families_that_cannot_be_searched(families: Any, words: str) -> None:
    assert words in only_problem(families=families)


@pytest.mark.parametrize(
    "seeds",
    [0, -1, [], [1, 1], [1.5], ["1"], [True], [-1], [MAX_SEED + 1], "5", 2.0, {"n": 5}, True],
    ids=lambda seeds: repr(seeds),
)
def test_seeds_that_are_none(seeds: Any) -> None:
    assert only_problem(seeds=seeds).startswith(f"seeds = {seeds!r}; ")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", ""),
        (",", "'' is not a seed; "),
        ("101,,202", "'' is not a seed; "),
        ("101,x", "'x' is not a seed; "),
        ("101,-1", "'-1' is not a seed; "),
        (f"1,{MAX_SEED + 1}", f"{MAX_SEED + 1} is not a seed; "),
        ("101,202,101", "101 is given twice; "),
        ([5, 6, 5], "5 is given twice; "),
        ("101;202", ""),
    ],
)
def test_a_mistake_among_listed_seeds_is_named(given: Any, reason: str) -> None:
    assert only_problem(seeds=given) == (
        f"seeds = {given!r}; {reason}give how many (5), or a list of different whole numbers from 0"
        f" to {MAX_SEED} (101,202,303)."
    )


@pytest.mark.parametrize(
    "given", ["0s", "-5", "5 weeks", "ten", True, 0, -3.0, float("inf"), float("nan"), [5]]
)
def test_a_time_budget_that_is_none(given: Any) -> None:
    assert (
        only_problem(time_budget=given)
        == f"time_budget = {given!r}; write a positive time such as 90s, 10m or 2h."
    )


@pytest.mark.parametrize(
    ("key", "given", "what"),
    [
        ("objectives", 5, "names"),
        ("objectives", {"loss": 1}, "names"),
        ("require", {"params": 5}, "bounds such as params<=1000"),
        ("require", 1000, "bounds such as params<=1000"),
    ],
)
def test_a_list_that_is_none(key: str, given: Any, what: str) -> None:
    assert only_problem(**{key: given}) == f"{key} = {given!r}; give a list of {what}."


@pytest.mark.parametrize("given", [["iris", "wine"], {"name": "iris"}])
def test_many_datasets_are_no_search(given: Any) -> None:
    assert (
        only_problem(dataset=given)
        == f"dataset = {given}; give one name, or one file. Many datasets are a sweep."
    )


@pytest.mark.parametrize(
    ("sampler", "words"),
    [
        ("nosuch:SAMPLER", "cannot load 'nosuch:SAMPLER'"),
        (
            "tests.support.toys:MULTICLASS",
            "'tests.support.toys:MULTICLASS' is a Dataset, not a Sampler",
        ),
        (["tpe"], "unknown sampler"),
        (5, "unknown sampler '5'"),
    ],
)
def test_samplers_that_cannot_propose(sampler: Any, words: str) -> None:
    assert words in only_problem(sampler=sampler)


def test_a_bound_that_no_candidate_keeps_names_the_smallest() -> None:
    found = problems(require=["params<=20"], families=["dense", "no_recurrence"])
    assert found == ("family 'dense': no candidate keeps params<=20; the smallest has params = 23.",
                     "family 'no_recurrence': no candidate keeps params<=20; the smallest has params = 26.")  # fmt: skip
    assert (
        toys.search(require=["params<=26"], families=["dense", "no_recurrence"]).require[0].limit
        == 26
    )


def test_families_of_images_need_images() -> None:
    assert only_problem(families=["dense", "mixer"]) == (
        "family 'mixer' takes square images of one channel; 'tests.support.toys:MULTICLASS' holds no images. "
        "Take digits, mnist, fashion_mnist, or an .npz file whose X has the shape (n, side, side)."
    )
    assert (
        toys.search(dataset="tests.support.toys:IMAGES", families=["dense", "mixer"]).families[1][0]
        == "mixer"
    )


def test_a_map_too_small_for_its_grid_is_refused_before_training() -> None:
    (problem,) = problems(dataset="tests.support.toys:IMAGES", families={"conv": {"grid": 8}})
    assert problem.startswith(
        "family 'conv': grid = 8; maps of 4 x 4 pixels, which stride = 2 leaves of an image of 8 x 8, have at most"
    )


def test_classification_objectives_need_classes() -> None:
    assert "objective 'error' needs classes" in only_problem(
        dataset="tests.support.toys:REGRESSION", objectives=["error", "params"]
    )
    assert "objective 'accuracy' needs classes" in only_problem(
        dataset="sine", objectives=["accuracy"]
    )


# ---- YAML -------------------------------------------------------------------------------------------------------------------------------

SEARCHES = st.fixed_dictionaries(
    {},
    optional={
        "families": st.lists(st.sampled_from(list(FAMILIES)), min_size=1, max_size=3, unique=True),
        "objectives": st.lists(
            st.sampled_from(list(OBJECTIVES)), min_size=1, max_size=3, unique=True
        ),
        "trials": st.integers(1, 10**6),
        "time_budget": st.one_of(st.none(), st.floats(1e-9, 1e12), st.sampled_from(["90s", "10m"])),
        "seeds": st.one_of(
            st.integers(1, 9),
            st.lists(st.integers(0, MAX_SEED), min_size=1, max_size=4, unique=True),
        ),
        "epochs": st.integers(1, 1000),
        "batch_size": st.integers(1, 1000),
        "select": st.sampled_from(["best", "last"]),
        "sampler": st.sampled_from(list(SAMPLERS)),
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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"dataset: [iris", "search.yaml is not valid YAML"),
        (b"a: b: c", "search.yaml is not valid YAML"),
        (b"\t- x", "search.yaml is not valid YAML"),
        (b"\x00\x01", "search.yaml is not valid YAML"),
        (b"\xff\xfe\xfa", "cannot read"),
        (
            b"- iris",
            "search.yaml holds a list; a search is a mapping of settings, e.g. `dataset: digits`.",
        ),
        (b"iris", "search.yaml holds 'iris'; a search is a mapping"),
        (b"", "search.yaml holds nothing; a search is a mapping"),
        (
            b"dataset: iris\ntrials: 5\ndataset: wine",
            "search.yaml is not valid YAML at line 3, column 1: the key `dataset` is given twice.",
        ),
        (
            b"a: {b: {c: 1, c: 2}}",
            "search.yaml is not valid YAML at line 1, column 15: the key `c` is given twice.",
        ),
        (b"!!python/object/apply:os.system [exit]", "search.yaml is not valid YAML"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(
    content: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / "search.yaml").write_bytes(content)
    with pytest.raises(SpecError) as caught:
        read_yaml(tmp_path / "search.yaml")
    (problem,) = caught.value.problems
    assert words in problem
    assert "\n" not in problem


def test_a_key_may_override_one_of_an_anchor_wherever_that_is_merged_in(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "{base: &base {k: 1, l: 1}, deep: {inner: &inner {<<: *base, k: 2}}, last: {<<: *inner, k: 3}}"
    )
    read = read_yaml(tmp_path / "a.yaml")
    assert (read["deep"]["inner"], read["last"]) == ({"k": 2, "l": 1}, {"k": 3, "l": 1})


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"there is no file .*nosuch\.yaml\."):
        read_yaml(tmp_path / "nosuch.yaml")
    with pytest.raises(SpecError, match="cannot read .*directory"):
        read_yaml(tmp_path)


# ---- the fingerprint --------------------------------------------------------------------------------------------------------------------

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
    "select": ["last"],
    "sampler": ["tpe"],
    "families_budget": ["free"],
    "require": [["params<=1000"], ["params<=1000.5"], ["params<=1000", "flops<=1e6"]],
    "cohort": [5],
    "in_flight": [3],
    "seed": [1],
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
def test_the_fingerprint_does_not_change_with_what_does_not(key: str) -> None:
    for value in NOT_DECIDING[key]:
        other = toys.search(**{"families": {"dense": None, "kronecker": None}, key: value})
        assert other != BASE
        assert other.fingerprint() == BASE.fingerprint()


def test_every_field_of_a_search_either_decides_or_does_not() -> None:
    keys = {"time_budget_s": "time_budget"}
    fields = {keys.get(field.name, field.name) for field in dataclasses.fields(Search)} - {
        "dataset_sha256",
        "candidates",
    }  # below; test_candidates
    assert set(CHANGES) | set(NOT_DECIDING) == fields


# ---- datasets ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rows.csv"
    path.write_text("a,b,target\n" + "".join(f"{i},{i * i % 7},{i % 3}\n" for i in range(40)))
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
        match=r"the file of .*rows\.csv has changed or gone since search 'toy-1' was defined; put it back, or start a new search",
    ):
        before.find_dataset()
    with pytest.raises(SpecError, match="has changed"):
        Search.from_spec(
            before.to_spec()
        ).find_dataset()  # what is written down is not measured anew
    after = toys.search(dataset="rows.csv")
    assert after.fingerprint() != before.fingerprint()
    assert after.find_dataset().n_features == 1


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
    again = Search.from_spec(search.to_spec())  # what reads a search needs no rows
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


# ---- sizes ------------------------------------------------------------------------------------------------------------------------------


def test_sizes_are_the_familys_for_the_datasets_inputs_and_outputs() -> None:
    candidate = Candidate("dense", {"hidden": 4, "learning_rate": 0.01})
    assert BASE.size(candidate) == {
        "raw": 51,
        "effective": 51,
        "flops": 2 * (12 + 16 + 12) + 8,
        "bytes": 204,
    }  # 3 inputs, 3 classes


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
