"""One test for each private part of Optuna that is used, and that no other module uses one."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection

import frontier_search
from frontier_search.errors import SearchError
from frontier_search.sampling import optuna_internals
from frontier_search.sampling.incremental import SharedParameters
from frontier_search.sampling.optuna_internals import WRITTEN_FOR
from frontier_search.sampling.samplers import SAMPLERS, Sampler

ROOT = Path(frontier_search.__file__).parent
ALLOWED = "frontier_search.sampling.optuna_internals"


def test_a_study_has_its_storage() -> None:
    storage = InMemoryStorage()
    study = optuna.create_study(storage=storage)
    assert optuna_internals.storage_of(study) is storage


def test_a_stored_trial_has_its_id() -> None:
    storage = InMemoryStorage()
    for name in ("one", "two"):  # ids count through all studies, numbers start again in each
        study_id = storage.create_new_study([StudyDirection.MINIMIZE], name)
        trial_id = storage.create_new_trial(study_id)
    (trial,) = storage.get_all_trials(study_id)
    assert optuna_internals.stored_id(trial) == trial_id != trial.number


@pytest.mark.parametrize(
    ("distribution", "inside", "outside"),
    [
        (FloatDistribution(0.5, 2.0), [0.5, 1.0, 2.0], [0.4, 2.1]),
        (FloatDistribution(0.1, 10.0, log=True), [0.1, 3.0], [0.09, 11.0]),
        (IntDistribution(1, 8), [1, 8], [0, 9, 1.5]),
        (CategoricalDistribution((4, 8, "x")), [4, "x"], []),
    ],
    ids=["float", "log", "int", "choice"],
)
def test_a_distribution_says_what_it_contains(
    distribution: Any, inside: list[object], outside: list[object]
) -> None:
    assert all(optuna_internals.contains(distribution, value) for value in inside)
    assert not any(optuna_internals.contains(distribution, value) for value in outside)


@pytest.mark.parametrize("sampler", [NSGAIISampler, GPSampler])
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_sampler_reads_its_search_space_from_an_attribute(sampler: type[BaseSampler]) -> None:
    asked: list[IntersectionSearchSpace] = []

    class Counted(SharedParameters):
        def calculate(self, study: optuna.Study, use_cache: bool = False) -> dict[str, Any]:
            asked.append(self)
            return {"x": FloatDistribution(0, 1)}

    built = sampler(seed=0)  # type: ignore[call-arg]  # of the two, not of their base
    optuna_internals.replace_search_spaces(built, lambda _, own: Counted(own))
    study = optuna.create_study(directions=["minimize", "minimize"])
    trial = study.ask()
    space = built.infer_relative_search_space(study, study.get_trials()[trial.number])
    assert (len(asked), list(space)) == (1, ["x"]), (
        f"{sampler.__name__} of Optuna {optuna.__version__} no longer keeps the search space that "
        f"it reads in an attribute (that of {WRITTEN_FOR} does), so that a "
        f"proposal costs a scan of all trials; adapt {ALLOWED}."
    )


def test_a_sampler_has_the_stream_that_it_draws_from() -> None:
    """NSGA-II has one for what a child inherits, and one inside its random sampler for the rest."""
    nsga2 = NSGAIISampler(population_size=2, seed=3)
    inherits, draws = optuna_internals.stream(nsga2), optuna_internals.drawer(nsga2)
    assert isinstance(draws, RandomSampler)
    before = repr(inherits.get_state())
    drawn = draws.sample_independent(
        optuna.create_study(), optuna.trial.create_trial(value=0), "x", FloatDistribution(0, 1)
    )
    assert drawn == np.random.RandomState(3).uniform(0, 1)
    assert repr(optuna_internals.stream(draws).get_state()) != before
    assert repr(inherits.get_state()) == before


RESTARTED = [member for member in SAMPLERS.values() if member.restarts]


@pytest.mark.parametrize("member", RESTARTED, ids=lambda member: member.name)
def test_a_restarted_sampler_draws_as_a_new_one(member: Sampler) -> None:
    assert member.build is not None
    held, space = member.build(0), {"x": FloatDistribution(0, 1), "n": IntDistribution(1, 900)}
    for seed in range(3):
        optuna_internals.restart(held, seed)
        first, second = (
            [optuna.create_study(sampler=each).ask(space).params for _ in range(2)]
            for each in (held, member.build(seed))
        )
        assert first == second


@pytest.mark.parametrize(
    ("touch", "attribute"),
    [
        (optuna_internals.storage_of, "_storage"),
        (optuna_internals.stored_id, "_trial_id"),
        (lambda changed: optuna_internals.contains(changed, 1), "_contains"),
        (optuna_internals.stream, "_rng"),
        (optuna_internals.drawer, "_random_sampler"),
    ],
    ids=["storage_of", "stored_id", "contains", "stream", "drawer"],
)
def test_another_optuna_is_an_error_that_says_what_to_do(touch: Any, attribute: str) -> None:
    changed = SimpleNamespace(to_internal_repr=float)
    with pytest.raises(SearchError) as caught:
        touch(changed)
    assert str(caught.value) == (
        f"Optuna {optuna.__version__} has no SimpleNamespace.{attribute}, which Optuna "
        f"{WRITTEN_FOR} has and frontier-search needs; install optuna=={WRITTEN_FOR}, or adapt "
        f"{ALLOWED}."
    )


def test_a_sampler_without_a_stream_is_an_error() -> None:
    class Silent(BaseSampler):
        infer_relative_search_space = None  # type: ignore[assignment]
        sample_relative = None  # type: ignore[assignment]
        sample_independent = None  # type: ignore[assignment]

    with pytest.raises(SearchError, match=r"has no LazyRandomState in a Silent, which Optuna"):
        optuna_internals.restart(Silent(), 0)


def test_it_is_written_for_the_optuna_that_is_tested() -> None:
    assert optuna.__version__ == WRITTEN_FOR, (
        f"{ALLOWED} was tested with Optuna {WRITTEN_FOR}; if the other tests in "
        f"this file pass with {optuna.__version__}, set WRITTEN_FOR to it."
    )


# ---- nowhere else --------------------------------------------------------------------------------


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def touches(source: str) -> Iterator[str]:
    """Yields where a module reads a private part of an object other than itself."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and private(node.attr):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield f"line {node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr"):
            if private(str(getattr(node.args[1], "value", ""))):
                yield f"line {node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("optuna"):
            for name in [*str(node.module).split("."), *(alias.name for alias in node.names)]:
                if private(name):
                    yield f"line {node.lineno}: {ast.unparse(node)}"


USERS = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts): path
    for path in sorted(ROOT.rglob("*.py"))
    if "optuna" in path.read_text()
}


@pytest.mark.parametrize("module", [name for name in USERS if name != ALLOWED])
def test_no_other_module_touches_a_private_part(module: str) -> None:
    assert list(touches(USERS[module].read_text())) == []


def test_no_class_overrides_a_private_part() -> None:
    classes = [
        (module, node)
        for module, path in USERS.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and node.bases
    ]
    theirs = {
        f"{module}.{node.name}": {
            name
            for base in getattr(importlib.import_module(module), node.name).__mro__
            if base.__module__.startswith("optuna.")
            for name in vars(base)
        }
        for module, node in classes
    }
    assert "get_population" in theirs["frontier_search.sampling.incremental.Nsga2"]
    for module, node in classes:
        ours = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
        overridden = ours & theirs[f"{module}.{node.name}"]
        assert [name for name in sorted(overridden) if private(name)] == [], (module, node.name)


def test_a_touch_would_be_found() -> None:
    source = "study._storage\nself._own\nself.study._study_id\nobj.__class__\ngetattr(x, '_y')"
    assert list(touches(source)) == [
        "line 1: study._storage",
        "line 3: self.study._study_id",
        "line 5: getattr(x, '_y')",
    ]
    assert list(touches("from optuna.storages._rdb import models")) != []
    assert list(touches(USERS[ALLOWED].read_text())) == []  # through getattr, with an error
    assert "optuna" in USERS[ALLOWED].read_text()
