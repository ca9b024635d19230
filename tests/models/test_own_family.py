"""What is wrong with a family of a user's own is a sentence, before anything is trained."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from frontier_search import Search, SpecError
from tests.support import toys

MODULE = "a_family_of_the_users_own"
FAMILY = """
from pathlib import Path
import numpy as np
from frontier_search import Family, Graph, recurrent
RING = Graph(lambda hidden, rng: np.roll(np.eye(hidden), 1, axis=1), lambda hidden: hidden)
FAMILY = Family("ring", "a ring", "test", Path(__file__).with_suffix(".yaml"), recurrent(RING))
"""
SPACE = "{hidden: 4, steps: 2, spectral_radius: 0.9, graph_noise: 0.0, learning_rate: dataset}"

Written = Callable[[str | None, str], str]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """Writes the family, with or without its space, and returns the name by which it is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(space: str | None, family: str = FAMILY) -> str:
        module = f"{MODULE}_{abs(hash((space, family)))}"  # a zoo loads a name once
        (tmp_path / f"{module}.py").write_text(family)
        if space is not None:
            (tmp_path / f"{module}.yaml").write_text(space)
        return f"{module}:FAMILY"

    return write


def test_one_that_is_whole_is_searched(written: Written) -> None:
    name = written(SPACE, FAMILY)
    assert list(toys.search(families=[name]).spaces) == [name]


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (None, "cannot read its default space: [Errno 2] No such file or directory"),
        ("", "holds no parameters; write e.g. `hidden: {choice: [4, 8]}`."),
        ("- hidden", "holds no parameters"),
        ("hidden: [", "is not valid YAML"),
        ("hidden: {chose: [1]}", "parameter 'hidden' is {'chose': [1]}; write"),
        ("hidden: 4", "its space has no learning_rate; every model is trained with one."),
        (
            "{hidden: 4, learning_rate: dataset}",
            "its model cannot be made: its space has no 'steps'.",
        ),
    ],
)
def test_a_space_that_is_not_whole(space: str | None, words: str, written: Written) -> None:
    with pytest.raises(SpecError) as caught:
        Search.from_spec(toys.SPEC | {"families": [written(space, FAMILY)]})
    (problem,) = caught.value.problems
    assert words in problem


def test_a_model_that_raises(written: Written) -> None:
    broken = FAMILY.replace("recurrent(RING))", "lambda values: 1 / 0)")
    with pytest.raises(
        SpecError, match="its model cannot be made: ZeroDivisionError: division by zero."
    ):
        Search.from_spec(toys.SPEC | {"families": [written(SPACE, broken)]})
