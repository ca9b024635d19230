"""The table of targets: what a member is exported as, each in a file of its own.

A target writes the files of one model into a folder, and checks a folder again from its files
alone. ``exporter`` does what all have in common.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset, Task
from frontier_search.export.bundle import CheckedRows
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.numbers import in_format, numbers_in
from frontier_search.export.plan import Plan
from frontier_search.models.family import Architecture
from frontier_search.predictor import MemberModel
from frontier_search.storage.catalog import Entry
from frontier_search.table import shipped
from frontier_search.table.preprocessing import Preprocessing
from frontier_search.trial import Trial
from frontier_search.zoo import Zoo

Found = dict[str, Any]  # what a check found, see ``export.certificate``


@dataclass(frozen=True)
class Member:
    """One member of a frontier, with the model of its median seed.

    Attributes:
        numbers: the format of weights and activations, see ``export.numbers``.
    """

    entry: Entry
    model: MemberModel
    dataset: Dataset
    numbers: str

    @property
    def trial(self) -> Trial:
        return self.model.trial

    @property
    def seed(self) -> int:
        """The seed whose model it is."""
        return self.model.seed

    @property
    def architecture(self) -> Architecture:
        return self.model.architecture

    @property
    def weights(self) -> NDArray[np.float32]:
        """Its learned scalars, (P,)."""
        return self.model.weights

    @cached_property
    def plain_plan(self) -> Plan:
        """Its operations in float32.

        Raises:
            SpecError: its family has no emitter.
        """
        return self.model.plain_plan(self.dataset.n_features)

    @cached_property
    def plan(self) -> Plan | IntegerPlan:
        """Its operations in its format.

        Raises:
            SpecError: its family has no emitter, or no form in integers.
        """
        return in_format(self.plain_plan, self.dataset.split(self.seed).train.x, self.numbers)

    @cached_property
    def preprocessing(self) -> Preprocessing | None:
        """What becomes of a raw row; None for a dataset whose raw rows are not known."""
        is_table = self.entry.search.dataset_reference.is_table
        return shipped.of_any(self.dataset, is_table, self.seed)

    def raw_rows(self, part: str) -> Any:
        """Returns a frame of the raw rows of a part, or None if they are not known."""
        if self.dataset.raw_rows is not None:
            return self.dataset.raw_rows(self.seed, part)
        if self.dataset.preprocessing is not None or self.preprocessing is None:
            return None
        return shipped.rows(self.dataset, self.seed, part)

    @property
    def prefix(self) -> str:
        """What every name of its files and of its C begins with."""
        words = re.sub(r"\W+", "_", f"{self.entry.search.name}_{self.trial.number}")
        return words.lower() if words[0].isalpha() else f"model_{words.lower()}"

    @property
    def title(self) -> str:
        return (
            f"Trial {self.trial.number} of {self.entry.search.name}: {self.trial.candidate.family}"
        )

    @staticmethod
    def of(entry: Entry, trial: Trial, numbers: str | None = None) -> Member:
        """Returns a member with the model of its median seed.

        Args:
            numbers: the format; None: the candidate's own.

        Raises:
            SpecError: its weights were not kept, or the dataset is not available.
        """
        return Member(
            entry,
            MemberModel.of(entry, trial),
            entry.search.find_dataset(),
            numbers or numbers_in(trial.candidate.hyperparameters),
        )


@dataclass(frozen=True)
class Made:
    """What a target wrote.

    Attributes:
        files: name -> content, without the test rows.
        rows: the test rows, and what must come out.
        stored_bytes: of all constants.
        said: core -> what the closed form says of it, see ``export.costs``.
    """

    files: Mapping[str, str | bytes]
    rows: CheckedRows
    stored_bytes: int
    said: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """How a member is written and checked.

    Attributes:
        summary: what is written, in a line.
        make: (member, outputs of the trained model for the test rows, cores) -> what to write.
        check: (folder, prefix, task, rows) -> what its files give now; None if nothing here can
            execute them.
        compiled: whether it can be compiled for a core.
    """

    summary: str
    make: Callable[[Member, NDArray[np.float32], tuple[str, ...]], Made]
    check: Callable[[Path, str, Task, CheckedRows], Found | None]
    compiled: bool = False


TARGETS: Zoo[Target] = Zoo(
    "target",
    {
        "c": "frontier_search.targets.c:TARGET",
        "onnx": "frontier_search.targets.onnx_graph:TARGET",
        "torch": "frontier_search.targets.torch_program:TARGET",
        "python": "frontier_search.targets.python:TARGET",
    },
)
