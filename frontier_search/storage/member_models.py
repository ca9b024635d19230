"""The models of the frontier's members, kept as learned scalars when their cohort is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from frontier_search.errors import SpecError
from frontier_search.files import names_in, read_arrays, remove, write_arrays
from frontier_search.storage.outcomes import Weights

if TYPE_CHECKING:
    from frontier_search.files import AnyPath


class MemberModels:
    """The files of one search's models.

    ROOT/models/NUMBER.npz    the learned scalars of a trial on the frontier

    Args:
        root: the search's folder, or the folder of its name where outcomes are exchanged.

    Every method raises OSError when the disk or the bucket reports an error.
    """

    def __init__(self, root: AnyPath) -> None:
        self._folder = root / "models"

    def keep(self, weights: Mapping[int, Weights]) -> None:
        """Writes the learned scalars of trials, by number, (n_seeds, P) each."""
        for number, array in weights.items():
            write_arrays(self._file(number), {"weights": array})

    def read(self, number: int) -> Weights | None:
        """Returns the (n_seeds, P) learned scalars of a trial, or None when they are not kept."""
        arrays = read_arrays(self._file(number))
        return arrays["weights"] if arrays else None

    def require(self, number: int, name: str) -> Weights:
        """Returns the (n_seeds, P) learned scalars of a trial.

        Args:
            name: of the search.

        Raises:
            SpecError: they were not kept.
        """
        weights = self.read(number)
        if weights is None:
            raise SpecError(f"the model of trial {number} of {name} was not kept.")
        return weights

    def numbers(self) -> set[int]:
        """Returns the numbers of the trials whose models are kept."""
        stems = (
            name.removesuffix(".npz") for name in names_in(self._folder) if name.endswith(".npz")
        )
        return {int(stem) for stem in stems if stem.isdigit()}

    def discard(self, numbers: Iterable[int]) -> None:
        """Removes the models of trials that have left the frontier; no trial returns to it."""
        for number in numbers:
            remove(self._file(number))

    def _file(self, number: int) -> AnyPath:
        return self._folder / f"{number}.npz"
