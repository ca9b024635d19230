"""What a worker leaves for the session: a cohort's outcome on the disk before anybody is told of it.

Each cohort in flight has a folder. The worker writes ``outcome.json`` last, whole, so that its presence means that training is done; a
session that finds one tells it instead of training again. The learned scalars of the trials that join the frontier move to ``models/``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontier_search.files import read_arrays, write_arrays, write_whole
from frontier_search.folder import SearchFolder
from frontier_search.trial import Cohort, Outcome

Weights = NDArray[np.float32]


class OutcomeFiles:
    """The ``outcomes`` and ``models`` of one search's folder."""

    def __init__(self, folder: SearchFolder) -> None:
        self.folder = folder

    def post(self, cohort: Cohort) -> None:
        """Writes the candidates of a cohort, for the worker that will train it; what is left there of other candidates goes."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            if self.posted(cohort.index) == cohort:
                return
        self.discard(cohort.index)
        write_whole(self.folder.cohort(cohort.index) / "cohort.json", json.dumps(cohort.to_json()).encode())

    def posted(self, index: int) -> Cohort:
        """The cohort that was posted under an index."""
        return Cohort.from_json(json.loads((self.folder.cohort(index) / "cohort.json").read_bytes()))

    def checkpoints(self, index: int) -> Path:
        """Where a cohort in training leaves its checkpoints."""
        return self.folder.cohort(index) / "checkpoints"

    def leave(self, cohort: Cohort, outcomes: Sequence[Outcome], weights: Mapping[int, Weights]) -> None:
        """Leaves what training a cohort gave: weights by trial number, (n_seeds, P) each, and one outcome a candidate."""
        place = self.folder.cohort(cohort.index)
        write_arrays(place / "weights.npz", {str(number): array for number, array in weights.items()})
        content = {"cohort": cohort.to_json(), "outcomes": [outcome.to_json() for outcome in outcomes]}
        write_whole(place / "outcome.json", json.dumps(content).encode())

    def take(self, cohort: Cohort) -> tuple[Outcome, ...] | None:
        """The outcomes that were left for a cohort; None when there are none, the file is cut short, or it speaks of other candidates."""
        try:
            content = json.loads((self.folder.cohort(cohort.index) / "outcome.json").read_bytes())
            if Cohort.from_json(content["cohort"]) != cohort:
                return None
            outcomes = tuple(Outcome.from_json(outcome) for outcome in content["outcomes"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return outcomes if len(outcomes) == len(cohort.numbers) else None

    def keep_models(self, cohort: Cohort, members: set[int]) -> None:
        """Moves the learned scalars of a told cohort's frontier members to ``models/NUMBER.npz``."""
        weights = read_arrays(self.folder.cohort(cohort.index) / "weights.npz") or {}
        for number in members & set(cohort.numbers):
            if str(number) in weights:  # one that was lost can be trained again from its seeds; the outcome is what must not be
                write_arrays(self.folder.models / f"{number}.npz", {"weights": weights[str(number)]})

    def model(self, number: int) -> Weights | None:
        """(n_seeds, P) learned scalars of a trial that was on the frontier when it was told, or None."""
        arrays = read_arrays(self.folder.models / f"{number}.npz")
        return arrays["weights"] if arrays else None

    def discard_models(self, keep: set[int]) -> None:
        """Removes the models of trials that have left the frontier; none ever returns to it."""
        for path in self.folder.models.glob("*.npz"):
            if path.stem.isdigit() and int(path.stem) not in keep:
                path.unlink(missing_ok=True)

    def left(self) -> Iterator[int]:
        """The cohorts that have a folder, in their order."""
        for path in sorted((self.folder.path / "outcomes").glob("*")):
            if path.name.isdigit():
                yield int(path.name)

    def discard(self, index: int) -> None:
        """Removes a cohort's folder, once its outcome is in the storage."""
        shutil.rmtree(self.folder.cohort(index), ignore_errors=True)
