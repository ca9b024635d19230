"""What may be wrong with a table: a sentence, and what to do about it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.table.understanding import Understanding


@dataclass(frozen=True)
class Finding:
    """One warning.

    Attributes:
        kind: a name of the table of findings.
        columns: that it is about.
        rows: numbers of the first rows that it is about, from 1; empty if it is about all.
        sentence: what was found.
        remedy: what to do about it.
    """

    kind: str
    columns: tuple[str, ...]
    rows: tuple[int, ...]
    sentence: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "columns": list(self.columns),
            "rows": list(self.rows),
            "sentence": self.sentence,
            "remedy": self.remedy,
        }

    def __str__(self) -> str:
        return f"{self.sentence}. {self.remedy}."


def flag_of(flag: str, value: str) -> str:
    """Returns a flag with its value, as it is typed in a shell."""
    return f"--{flag} {shlex.quote(value)}"


def exact(value: float) -> str:
    """Returns a number as a text that reads as this number and no other."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


Found = tuple[tuple[str, ...], NDArray[np.bool_] | None, str, str]
Find = Callable[[Understanding], list[Found]]
