"""The archive: a copy of the recorded outcomes that outlives the machine of the storage.

A restarted search proposes the same cohorts and finds their outcomes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from frontier_search.errors import SpecError
from frontier_search.files import names_in, read_whole, write_whole
from frontier_search.storage.outcomes import CohortOutcomes, decode, encode
from frontier_search.storage.remote import refused
from frontier_search.trial import Cohort, Outcome

if TYPE_CHECKING:
    from frontier_search.files import AnyPath
    from frontier_search.search.search import Search


class Archive:
    """The recorded outcomes of one search.

    ROOT/told/INDEX.json     a recorded cohort: candidates, outcomes, elapsed seconds
              search.yaml    the search that they belong to, under its fingerprint

    Args:
        root: the folder of the search's name where outcomes are exchanged. None keeps no archive,
            because a search's own folder is lost with its storage.

    Every method raises OSError when the disk or the bucket reports an error.
    """

    def __init__(self, root: AnyPath | None) -> None:
        self._root = root

    def require_free(self, search: Search) -> None:
        """Raises SpecError when the archive belongs to another search, or cannot be read."""
        if self._root is None:
            return
        try:
            content = read_whole(_search_file(self._root)) or b""
        except OSError as error:
            raise SpecError(refused(str(self._root), error)) from error
        first = content.partition(b"\n")[0].decode(errors="replace")
        if first not in ("", _title(search)):
            raise SpecError(
                f"{self._root} holds the outcomes of another search named {search.name!r}"
                f" ({first.removeprefix('# ')}); choose another --name, or remove that folder."
            )

    def claim(self, search: Search) -> None:
        """Writes the search beside its outcomes.

        Raises:
            SpecError: the archive belongs to another search, or it cannot be read or written.
        """
        self.require_free(search)
        if self._root is None:
            return
        try:
            content = f"{_title(search)}\n{search.to_yaml()}"
            write_whole(_search_file(self._root), content.encode())
        except OSError as error:
            raise SpecError(refused(str(self._root), error)) from error

    def keep(self, cohort: Cohort, outcomes: Sequence[Outcome], elapsed_s: float) -> None:
        """Keeps the outcomes of a recorded cohort.

        Args:
            outcomes: one a candidate.
            elapsed_s: seconds that the search has been live.
        """
        if self._root is not None:
            write_whole(_file(self._root, cohort.index), encode(cohort, outcomes, elapsed_s))

    def read(self, cohort: Cohort) -> CohortOutcomes | None:
        """Returns the recorded outcomes of a cohort.

        None: the file is missing, damaged, or of other candidates.
        """
        if self._root is None:
            return None
        return decode(read_whole(_file(self._root, cohort.index)), cohort)

    def indices(self) -> set[int]:
        """Returns the indices of the recorded cohorts."""
        names = names_in(self._root / "told") if self._root is not None else set()
        stems = (name.removesuffix(".json") for name in names)
        return {int(stem) for stem in stems if stem.isdigit()}


def _title(search: Search) -> str:
    return f"# fingerprint {search.fingerprint()}"


def _search_file(root: AnyPath) -> AnyPath:
    return root / "told" / "search.yaml"


def _file(root: AnyPath, index: int) -> AnyPath:
    return root / "told" / f"{index:05d}.json"
