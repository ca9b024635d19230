"""How a command ended, and what it said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = "--families dense,no_recurrence --trials 6 --seeds 2 --epochs 2 --cohort 3"
TINY = [*SETTINGS.split(), "--sampler", "random"]  # a search of a moment
HERE = ["--executor", "inline", "--no-mirror"]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


def mistakes(result: Result) -> list[str]:
    """Returns the sentences of a command that ended with 2 and printed nothing else."""
    assert (result.code, result.out) == (2, "")
    lines = result.err.splitlines()
    assert all(line.startswith("frontier-search: ") for line in lines)
    return [line.removeprefix("frontier-search: ") for line in lines]


def only_mistake(result: Result) -> str:
    (mistake,) = mistakes(result)
    return mistake
