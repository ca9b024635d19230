"""A search that lists its candidates trains exactly those, in their order, in every session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from frontier_search.errors import SpecError
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage import catalog
from frontier_search.trial import Candidate
from tests.support import fakes, toys

FIXED = {"steps": 5, "spectral_radius": 0.9, "graph_noise": 0.0, "learning_rate": 0.01}
SPEC: dict[str, Any] = {
    **{key: value for key, value in toys.SPEC.items() if key not in ("trials", "sampler")},
    "families": {"kronecker": FIXED, "dense": "default"},
    "candidates": [
        {"family": "kronecker", "hidden": 16},
        {"family": "dense", "hidden": 4, "learning_rate": 0.02},
        {"family": "kronecker", "hidden": 2},
    ],
}


def refused(**changes: Any) -> tuple[str, ...]:
    with pytest.raises(SpecError) as error:
        Search.from_spec(SPEC | changes)
    return error.value.problems


def test_the_listed_candidates_are_the_trials(tmp_path: Path) -> None:
    entry = catalog.define(Search.from_spec(SPEC | {"cohort": 2}), tmp_path)
    fakes.play(Session(entry.search, entry.open_storage(writable=True)))
    expected = [
        Candidate("kronecker", {"hidden": 16, **FIXED}),
        Candidate("dense", {"hidden": 4, "learning_rate": 0.02}),
        Candidate("kronecker", {"hidden": 2, **FIXED}),
    ]
    assert (
        [trial.candidate for trial in catalog.read_trials(entry)]
        == expected
        == list(entry.search.candidates)
    )


def test_a_list_of_candidates_is_read_back_from_its_file(tmp_path: Path) -> None:
    entry = catalog.define(Search.from_spec(SPEC), tmp_path)
    assert catalog.find(entry.search.name, tmp_path).search == entry.search


def test_the_families_are_those_of_the_candidates_unless_spaces_are_given() -> None:
    search = Search.from_spec(
        {key: value for key, value in SPEC.items() if key != "families"}
        | {"candidates": [SPEC["candidates"][1]]}
    )
    assert list(search.spaces) == ["dense"]


def test_a_grid_is_every_point_of_the_spaces() -> None:
    families = {
        "kronecker": FIXED | {"hidden": {"choice": [2, 4]}},
        "dense": {"hidden": {"choice": [3, 5]}, "learning_rate": 0.01},
    }
    search = Search.from_spec(SPEC | {"families": families, "candidates": "grid"})
    assert [(c.family, c.hyperparameters["hidden"]) for c in search.candidates] == [
        ("kronecker", 2),
        ("kronecker", 4),
        ("dense", 3),
        ("dense", 5),
    ]
    assert any(
        "a grid needs choices; give learning_rate as" in sentence
        for sentence in refused(candidates="grid")
    )


def test_other_candidates_are_another_search() -> None:
    searches = [Search.from_spec(SPEC | {"candidates": SPEC["candidates"][:n]}) for n in (1, 2, 3)]
    assert len({search.fingerprint() for search in searches}) == 3


def test_a_family_that_is_unknown_is_one_mistake() -> None:
    spec = {key: value for key, value in SPEC.items() if key != "families"} | {
        "candidates": [{"family": "dens", "hidden": 4}]
    }
    with pytest.raises(SpecError) as error:
        Search.from_spec(spec)
    (problem,) = error.value.problems
    assert "unknown family 'dens'. Did you mean 'dense'?" in problem


def test_a_larger_budget_is_refused(tmp_path: Path) -> None:
    entry = catalog.define(Search.from_spec(SPEC), tmp_path)
    with pytest.raises(SpecError, match="lists its 3 candidates"):
        catalog.extend(entry, 10)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"candidates": "dense"}, "candidates = 'dense'; give `grid`, or a list of mappings"),
        ({"candidates": []}, "candidates = []; give `grid`, or a list of mappings"),
        (
            {"candidates": [{"famly": "dense", "hidden": 4}]},
            "candidate 1 is {'famly': 'dense', 'hidden': 4}; it needs a `family`.",
        ),
        (
            {"candidates": [{"family": "dense_deep"}]},
            "candidate 1: unknown family 'dense_deep'. Did you mean 'dense'?",
        ),
        (
            {"candidates": [{"family": "dense", "hidden": 4}]},
            "candidate 1 has no learning_rate; give one within",
        ),
        (
            {"candidates": [{"family": "kronecker", "hidden": 16, "sprctral_radius": 1}]},
            "candidate 1: unknown parameter 'sprctral_radius'",
        ),
        (
            {"candidates": [{"family": "kronecker", "hidden": 17}]},
            "candidate 1: hidden = 17 is outside its family's space",
        ),
        (
            {"candidates": [{"family": "kronecker", "hidden": 16}] * 2},
            "candidate 2 is listed twice",
        ),
        (
            {"require": ["params<=20"]},
            "candidate 1: no candidate keeps params<=20; the smallest has params = ",
        ),
        ({"trials": 3}, "trials has no effect on listed candidates"),
        ({"sampler": "tpe"}, "sampler has no effect on listed candidates"),
        (
            {
                "families": {"kronecker": {"hidden": {"choice": [12]}, **FIXED}},
                "candidates": [{"family": "kronecker"}],
            },
            "a power of two",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes_are_sentences(changes: dict[str, Any], problem: str) -> None:
    assert any(problem in sentence for sentence in refused(**changes)), refused(**changes)
