"""What a worker leaves for the session: a cohort's outcome, on the disk or in a bucket, before anybody is told of it.

Each cohort in flight has a folder. The worker writes ``outcome.json`` last, whole, so that its presence means that training is done; a
session that finds one tells it instead of training again. The learned scalars of the trials that join the frontier move to ``models/``.
Where the storage may be lost on its own (``archive``), what was told stays in ``told/``: a search that begins again asks for the same
cohorts, and finds them there. No lock reaches from one machine to another through such a place, so the session that opened it last has it: it
writes who it is, and an earlier one that still lives reads so before it tells or posts anything, and stops.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SearchError, SpecError
from frontier_search.files import (
    names_in,
    read_arrays,
    read_whole,
    remove,
    remove_folder,
    write_arrays,
    write_whole,
)
from frontier_search.storage.lock import described, signature
from frontier_search.storage.remote import refused
from frontier_search.trial import Cohort, Outcome

if TYPE_CHECKING:
    from frontier_search.files import AnyPath
    from frontier_search.search.search import Search

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Told:
    """A cohort that was told, as the archive has it.

    Attributes:
        outcomes: one a candidate.
        elapsed_s: how long the search had been live by then.
    """

    outcomes: tuple[Outcome, ...]
    elapsed_s: float


class OutcomeFiles:
    """The files of one search that pass between its session and its workers.

    ROOT/outcomes/NUMBER/   cohorts in flight: candidates, checkpoints, weights, outcome
         models/            learned scalars of the trials on the frontier
         told/              with ``archive``: outcomes of the cohorts that the storage has, and search.yaml, whose they are
         session.json       with ``archive``: which session has the search

    Args:
        root: the search's folder, or one of its name where outcomes are exchanged.
        archive: whether what was told stays.

    Every method may raise OSError: the disk or the bucket does not answer.
    """

    def __init__(self, root: AnyPath, archive: bool = False) -> None:
        self.root, self.archive = root, archive
        self._signed: bytes | None = None  # what this session wrote when it took the search

    def claim(self, search: Search) -> None:
        """Writes the search beside its archive.

        Raises:
            SpecError: the archive is another search's, or it cannot be read or written.
        """
        if not self.archive:
            return
        try:
            path = self.root / "told" / "search.yaml"
            first = (read_whole(path) or b"").partition(b"\n")[0].decode(errors="replace")
            title = f"# fingerprint {search.fingerprint()}"
            if first not in ("", title):
                raise SpecError(
                    f"{self.root} holds the outcomes of another search named {search.name!r} ({first.removeprefix('# ')}); choose another"
                    " --name, or remove that folder."
                )
            write_whole(path, f"{title}\n{search.to_yaml()}".encode())
        except OSError as error:
            raise SpecError(refused(str(self.root), error)) from error

    def take_over(self) -> None:
        """Writes that this session has the search from now on; whoever had it, dead or alive, has it no more."""
        if self.archive:
            self._signed = json.dumps(signature() | {"session": secrets.token_hex(8)}).encode()
            write_whole(self.root / "session.json", self._signed)

    def require_ours(self) -> None:
        """Raises SearchError, with who it is, when another session has taken the search over since this one did."""
        found = None if self._signed is None else read_whole(self.root / "session.json")
        if found not in (None, self._signed):
            raise SearchError(
                f"{described(found)} has taken the search over, with the outcomes in {self.root}, since this session began; nothing is lost: it"
                " goes on there, with all that is finished here. To go on here takes it back."
            )

    def cohort(self, index: int) -> AnyPath:
        """Where a cohort in flight leaves its files."""
        return self.root / "outcomes" / f"{index:05d}"

    def checkpoints(self, index: int) -> AnyPath:
        """Where a cohort in training leaves its checkpoints."""
        return self.cohort(index) / "checkpoints"

    # ---- a cohort in flight ----------------------------------------------------------------------------------------------------------

    def post(self, cohort: Cohort) -> None:
        """Writes the candidates of a cohort, for the worker that will train it; what is left there of other candidates goes."""
        if _cohort(read_whole(self.cohort(cohort.index) / "cohort.json")) == cohort:
            return
        self.discard(cohort.index)
        write_whole(
            self.cohort(cohort.index) / "cohort.json", json.dumps(cohort.to_json()).encode()
        )

    def posted(self, index: int) -> Cohort:
        """The cohort that was posted under an index; raises OSError when it is not there."""
        path = self.cohort(index) / "cohort.json"
        cohort = _cohort(read_whole(path))
        if cohort is None:
            raise OSError(
                f"{path} is missing or damaged; the worker must see what the session writes"
            )
        return cohort

    def leave(
        self, cohort: Cohort, outcomes: Sequence[Outcome], weights: Mapping[int, Weights]
    ) -> None:
        """Leaves what training a cohort gave: weights by trial number, (n_seeds, P) each, and one outcome a candidate."""
        place = self.cohort(cohort.index)
        write_arrays(
            place / "weights.npz", {str(number): array for number, array in weights.items()}
        )
        write_whole(place / "outcome.json", _content(cohort, outcomes))

    def take(self, cohort: Cohort) -> tuple[Outcome, ...] | None:
        """The outcomes that were left for a cohort; None when there are none, the file is cut short, or it speaks of other candidates."""
        left = _told(read_whole(self.cohort(cohort.index) / "outcome.json"), cohort)
        return left.outcomes if left else None

    def left(self) -> Iterator[int]:
        """The cohorts that have a folder, in their order."""
        yield from sorted(int(name) for name in names_in(self.root / "outcomes") if name.isdigit())

    def discard(self, index: int) -> None:
        """Removes a cohort's folder, once its outcome is in the storage."""
        remove_folder(self.cohort(index))

    # ---- what was told -----------------------------------------------------------------------------------------------------------------

    def keep_told(self, cohort: Cohort, outcomes: Sequence[Outcome], elapsed_s: float) -> None:
        """Keeps what the storage has now, where it may be lost without this folder."""
        if self.archive:
            write_whole(self._told(cohort.index), _content(cohort, outcomes, elapsed_s))

    def told(self, cohort: Cohort) -> Told | None:
        """What was told of a cohort to a storage that is lost; None as in ``take``."""
        return _told(read_whole(self._told(cohort.index)), cohort) if self.archive else None

    def archived(self) -> set[int]:
        """The cohorts that were told."""
        stems = (
            (name.removesuffix(".json") for name in names_in(self.root / "told"))
            if self.archive
            else ()
        )
        return {int(stem) for stem in stems if stem.isdigit()}

    def _told(self, index: int) -> AnyPath:
        return self.root / "told" / f"{index:05d}.json"

    # ---- models ------------------------------------------------------------------------------------------------------------------------

    def keep_models(self, cohort: Cohort, members: Collection[int]) -> None:
        """Moves the learned scalars of a told cohort's frontier members to ``models/NUMBER.npz``."""
        joined = sorted(set(members) & set(cohort.numbers))
        weights = (read_arrays(self.cohort(cohort.index) / "weights.npz") or {}) if joined else {}
        for number in joined:
            if (
                str(number) in weights
            ):  # one that was lost can be trained again from its seeds; the outcome is what must not be
                write_arrays(self._model(number), {"weights": weights[str(number)]})

    def model(self, number: int) -> Weights | None:
        """(n_seeds, P) learned scalars of a trial that was on the frontier when it was told, or None."""
        arrays = read_arrays(self._model(number))
        return arrays["weights"] if arrays else None

    def models(self) -> set[int]:
        """The numbers of the trials whose models are kept."""
        stems = (
            name.removesuffix(".npz")
            for name in names_in(self.root / "models")
            if name.endswith(".npz")
        )
        return {int(stem) for stem in stems if stem.isdigit()}

    def discard_models(self, left: Iterable[int]) -> None:
        """Removes the models of trials that have left the frontier; none ever returns to it."""
        for number in left:
            remove(self._model(number))

    def _model(self, number: int) -> AnyPath:
        return self.root / "models" / f"{number}.npz"


def _content(cohort: Cohort, outcomes: Sequence[Outcome], elapsed_s: float = 0.0) -> bytes:
    return json.dumps(
        {
            "cohort": cohort.to_json(),
            "outcomes": [outcome.to_json() for outcome in outcomes],
            "elapsed_s": elapsed_s,
        }
    ).encode()


def _told(content: bytes | None, cohort: Cohort) -> Told | None:
    """What a file says, if it is whole and speaks of this cohort."""
    try:
        data = json.loads(content or b"")
        if Cohort.from_json(data["cohort"]) != cohort:
            return None
        told = Told(
            tuple(Outcome.from_json(outcome) for outcome in data["outcomes"]),
            float(data.get("elapsed_s", 0.0)),
        )
    except (ValueError, KeyError, TypeError):
        return None
    return told if len(told.outcomes) == len(cohort.numbers) else None


def _cohort(content: bytes | None) -> Cohort | None:
    try:
        return Cohort.from_json(json.loads(content or b""))
    except (ValueError, KeyError, TypeError):
        return None
