"""The files of cohorts in flight: candidates queued by the session, outcomes written by workers.

Each cohort in flight has a folder. The worker writes ``outcome.json`` last and whole, so that its
presence means that training is done. A session that finds one records it instead of training the
cohort again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from frontier_search.files import (
    names_in,
    read_arrays,
    read_whole,
    remove_folder,
    write_arrays,
    write_whole,
)
from frontier_search.trial import Cohort, Outcome

if TYPE_CHECKING:
    from frontier_search.files import AnyPath

Weights = NDArray[np.float32]


class OutcomeFiles:
    """The files of a search's cohorts in flight.

    ROOT/outcomes/INDEX/cohort.json     the candidates, written by the session
                        checkpoints/    of the cohort's stacks, written by the worker
                        weights.npz     learned scalars by trial number, written by the worker
                        outcome.json    one outcome a candidate, written by the worker, last

    Args:
        root: the search's folder, or the folder of its name where outcomes are exchanged.

    Every method raises OSError when the disk or the bucket reports an error.
    """

    def __init__(self, root: AnyPath) -> None:
        self._folder = root / "outcomes"

    def folder(self, index: int) -> AnyPath:
        """Returns the folder of a cohort."""
        return self._folder / f"{index:05d}"

    def checkpoints(self, index: int) -> AnyPath:
        """Returns the folder for the checkpoints of a cohort."""
        return self.folder(index) / "checkpoints"

    def was_begun(self, index: int) -> bool:
        """Returns whether a process has begun to train a cohort, and may have died of it."""
        return bool(names_in(self.checkpoints(index)))

    def indices(self) -> list[int]:
        """Returns the indices of the cohorts that have a folder, ascending."""
        return sorted(int(name) for name in names_in(self._folder) if name.isdigit())

    def queue(self, cohort: Cohort) -> None:
        """Writes a cohort's candidates for the worker that will train it.

        Files of other candidates under the same index are removed.
        """
        if _cohort(read_whole(self.folder(cohort.index) / "cohort.json")) == cohort:
            return
        self.discard(cohort.index)
        write_whole(
            self.folder(cohort.index) / "cohort.json", json.dumps(cohort.to_json()).encode()
        )

    def queued(self, index: int) -> Cohort:
        """Returns the cohort that was queued under an index; raises OSError when there is none."""
        path = self.folder(index) / "cohort.json"
        cohort = _cohort(read_whole(path))
        if cohort is None:
            raise OSError(
                f"{path} is missing or damaged; the worker must see what the session writes"
            )
        return cohort

    def not_begun(self, index: int) -> Cohort | None:
        """Returns a queued cohort that no process has begun to train; None: there is none."""
        cohort = _cohort(read_whole(self.folder(index) / "cohort.json"))
        return None if cohort is None or self.was_begun(index) else cohort

    def write(
        self, cohort: Cohort, outcomes: Sequence[Outcome], weights: Mapping[int, Weights]
    ) -> None:
        """Writes the result of training a cohort.

        Args:
            outcomes: one a candidate.
            weights: by trial number, (n_seeds, P) each.
        """
        folder = self.folder(cohort.index)
        write_arrays(
            folder / "weights.npz", {str(number): array for number, array in weights.items()}
        )
        write_whole(folder / "outcome.json", encode(cohort, outcomes))

    def read(self, cohort: Cohort) -> tuple[Outcome, ...] | None:
        """Returns the outcomes of a cohort, one a candidate.

        None: the file is missing, damaged, or of other candidates.
        """
        found = decode(read_whole(self.folder(cohort.index) / "outcome.json"), cohort)
        return found.outcomes if found else None

    def weights(self, cohort: Cohort, numbers: Collection[int]) -> dict[int, Weights]:
        """Returns the weights, (n_seeds, P) each, of a cohort's trials that are among ``numbers``.

        Missing or damaged weights are skipped, because they can be trained again from the seeds.
        """
        wanted = sorted(set(numbers) & set(cohort.numbers))
        if not wanted:
            return {}
        found = read_arrays(self.folder(cohort.index) / "weights.npz") or {}
        return {number: found[str(number)] for number in wanted if str(number) in found}

    def discard(self, index: int) -> None:
        """Removes a cohort's folder, which may be missing."""
        remove_folder(self.folder(index))


@dataclass(frozen=True)
class CohortOutcomes:
    """The content of an outcome file.

    Attributes:
        outcomes: one a candidate.
        elapsed_s: seconds that the search had been live when they were recorded. 0 in a worker's
            file.
    """

    outcomes: tuple[Outcome, ...]
    elapsed_s: float


def encode(cohort: Cohort, outcomes: Sequence[Outcome], elapsed_s: float = 0.0) -> bytes:
    """Returns the content of an outcome file."""
    return json.dumps(
        {
            "cohort": cohort.to_json(),
            "outcomes": [outcome.to_json() for outcome in outcomes],
            "elapsed_s": elapsed_s,
        }
    ).encode()


def decode(content: bytes | None, cohort: Cohort) -> CohortOutcomes | None:
    """Reads an outcome file; returns None when it is missing, damaged, or not of this cohort."""
    try:
        data = json.loads(content or b"")
        if Cohort.from_json(data["cohort"]) != cohort:
            return None
        found = CohortOutcomes(
            tuple(Outcome.from_json(outcome) for outcome in data["outcomes"]),
            float(data.get("elapsed_s", 0.0)),
        )
    except (ValueError, KeyError, TypeError):
        return None
    return found if len(found.outcomes) == len(cohort.numbers) else None


def _cohort(content: bytes | None) -> Cohort | None:
    try:
        return Cohort.from_json(json.loads(content or b""))
    except (ValueError, KeyError, TypeError):
        return None
