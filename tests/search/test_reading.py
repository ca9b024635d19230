"""Reads a search from its YAML form, and reports every mistake at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.data.dataset import TrainingBudget
from frontier_search.errors import SpecError
from frontier_search.models.families import PUBLISHED
from frontier_search.search.search import Search
from frontier_search.seeds import MAX_SEED, seeds_from_count
from frontier_search.space import Choice, Float
from tests.support import toys


def problems(**changes: Any) -> tuple[str, ...]:
    """Returns what is wrong with a search; a change to None leaves the key out."""
    with pytest.raises(SpecError) as caught:
        toys.search(**changes)
    return caught.value.problems


def only_problem(**changes: Any) -> str:
    (problem,) = problems(**changes)
    return problem


# ---- values --------------------------------------------------------------------------------------


def test_what_is_left_out_has_a_default() -> None:
    search = Search.from_spec({"name": "short", "dataset": "iris"})
    assert search.objectives == ("loss", "params")
    assert tuple(search.spaces) == PUBLISHED
    assert (search.trials, search.seeds, search.cohort, search.in_flight, search.seed) == (
        100,
        (101, 202, 303, 404, 505),
        8,
        2,
        0,
    )
    assert (search.sampler, search.families_budget, search.require, search.time_budget_s) == (
        "known_size",
        "balanced",
        (),
        None,
    )
    assert (search.epochs, search.batch_size, search.select) == (100, 32, "best")
    assert search.spaces["dense"]["learning_rate"] == Float(1e-3, 3e-2, log=True)  # iris's own
    assert search.budget.epochs == 100


def test_a_batch_size_may_follow_the_number_of_rows() -> None:
    """It is decided when the search is defined, and recorded as a number."""
    search = Search.from_spec({"name": "a", "dataset": "iris", "batch_size": "auto"})
    assert search.batch_size == search.to_spec()["batch_size"] == 32
    sizes = {n: TrainingBudget(1, 64).batch_size_of(n) for n in (90, 64_000, 600_000, 10**9)}
    assert sizes == {90: 64, 64_000: 64, 600_000: 512, 10**9: 1024}


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


# ---- mistakes ------------------------------------------------------------------------------------


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
        (
            ["tests.support.toys:search"],
            "family 'tests.support.toys:search': unknown key 'n_inputs'",
        ),
    ],
)
def test_families_that_cannot_be_searched(families: Any, words: str) -> None:
    assert words in only_problem(families=families)


@pytest.mark.parametrize(
    "seeds",
    [0, -1, [], [1, 1], [1.5], ["1"], [True], [-1], [MAX_SEED + 1], "5", 2.0, {"n": 5}, True],
    ids=lambda seeds: repr(seeds),
)
def test_illegal_seeds_are_refused(seeds: Any) -> None:
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
def test_an_illegal_time_budget_is_refused(given: Any) -> None:
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
def test_a_value_that_is_not_a_list_is_refused(key: str, given: Any, what: str) -> None:
    assert only_problem(**{key: given}) == f"{key} = {given!r}; give a list of {what}."


@pytest.mark.parametrize("given", [["iris", "wine"], {"name": "iris"}])
def test_a_search_has_one_dataset(given: Any) -> None:
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
    least = "no candidate keeps params<=20; the smallest that exists has params = 23"
    assert found == (f"{least}, of family 'dense'.",)
    found = problems(require=["params<=23"], families=["dense", "no_recurrence"])
    assert found == (
        "family 'no_recurrence': no candidate keeps params<=23; the smallest has params = 26.",
    )
    assert (
        toys.search(require=["params<=26"], families=["dense", "no_recurrence"]).require[0].limit
        == 26
    )


def test_families_of_images_need_images() -> None:
    assert only_problem(families=["dense", "mixer"]) == (
        "family 'mixer' takes square images of one channel; "
        "'tests.support.toys:MULTICLASS' holds no images. "
        "Take digits, mnist, fashion_mnist, mnist_5k, or an .npz file whose X has the shape "
        "(n, side, side)."
    )
    assert (
        toys.search(dataset="tests.support.toys:IMAGES", families=["dense", "mixer"]).families[1][0]
        == "mixer"
    )


def test_a_map_too_small_for_its_grid_is_refused_before_training() -> None:
    (problem,) = problems(dataset="tests.support.toys:IMAGES", families={"conv": {"grid": 8}})
    assert problem.startswith(
        "family 'conv': grid = 8; maps of 4 x 4 pixels, "
        "which stride = 2 leaves of an image of 8 x 8, have at most"
    )


def test_classification_objectives_need_classes() -> None:
    assert "objective 'error' needs classes" in only_problem(
        dataset="tests.support.toys:REGRESSION", objectives=["error", "params"]
    )
    assert "objective 'accuracy' needs classes" in only_problem(
        dataset="sine", objectives=["accuracy"]
    )


# ---- budgets and learning rates ------------------------------------------------------------------


INCREASING = st.lists(st.integers(1, 300), min_size=1, max_size=5, unique=True).map(sorted)


@given(INCREASING)
def test_the_largest_budget_is_trained_and_a_single_one_is_the_epochs(budgets: list[int]) -> None:
    search = toys.search(epochs=None, budgets=budgets)
    assert search.epochs == budgets[-1]
    assert search.reported == tuple(budgets)
    assert search.budget.budgets == tuple(budgets[:-1])
    assert Search.from_spec(search.to_spec()) == search
    same = [budgets, ",".join(map(str, budgets))]
    assert {toys.search(epochs=None, budgets=form).fingerprint() for form in same} == {
        search.fingerprint()
    }
    if len(budgets) == 1:
        assert search.fingerprint() == toys.search(epochs=budgets[0]).fingerprint()


@given(INCREASING, st.integers(0, 50))
def test_the_epochs_are_a_budget_too(budgets: list[int], more: int) -> None:
    search = toys.search(epochs=budgets[-1] + more, budgets=budgets)
    assert set(search.reported) == {*budgets, budgets[-1] + more}


@pytest.mark.parametrize("given_", [[30, 15], [15, 15], [0, 15], [1.5, 3], [True], [], "15,x", {}])
def test_budgets_that_do_not_increase_are_refused(given_: Any) -> None:
    problem = only_problem(epochs=None, budgets=given_)
    assert problem == (
        f"budgets = {given_!r}; give whole numbers above 0 that increase, e.g. [15, 30, 60, 120]."
    )


def test_budgets_above_the_epochs_are_refused() -> None:
    assert only_problem(epochs=20, budgets=[15, 30]) == (
        "budgets = [15, 30] go above epochs = 20; "
        "raise `epochs`, or leave it out: the largest budget is trained."
    )


RATES = [0.001, 0.003, 0.01, 0.03, 0.1]


def test_every_family_is_trained_with_the_same_learning_rates() -> None:
    families = {"dense": {"hidden": 4}, "kronecker": None, "dense_adamw": "default"}
    search = toys.search(families=families, learning_rates=["1e-3", 0.003, 0.01, 0.03, 0.1])
    assert {space["learning_rate"] for space in search.spaces.values()} == {Choice(tuple(RATES))}
    assert Search.from_spec(search.to_spec()) == search


def test_a_listed_candidate_without_a_learning_rate_is_one_at_each() -> None:
    listed = [{"family": "dense", "hidden": 4}, {"family": "dense", "hidden": 8}]
    search = toys.search(
        families={"dense": {"hidden": {"choice": [4, 8]}}},
        candidates=listed,
        learning_rates=RATES,
        trials=None,
        sampler=None,
    )
    found = [dict(candidate.hyperparameters) for candidate in search.candidates]
    assert found == [{"hidden": h, "learning_rate": rate} for h in (4, 8) for rate in RATES]


@pytest.mark.parametrize("given_", [[], [0.0], [-0.1], ["fast"], [0.1, 0.1], 0.1, [float("inf")]])
def test_learning_rates_that_are_none_are_refused(given_: Any) -> None:
    assert only_problem(learning_rates=given_) == (
        f"learning_rates = {given_!r}; give different numbers above 0, "
        "e.g. [0.001, 0.003, 0.01, 0.03, 0.1]."
    )


def test_a_family_with_a_rate_of_its_own_is_refused_beside_learning_rates() -> None:
    problem = only_problem(families={"dense": {"learning_rate": 0.1}}, learning_rates=RATES)
    assert problem == (
        "family 'dense': it has a learning_rate, and `learning_rates` gives every family the same "
        "ones; leave one of the two out."
    )
