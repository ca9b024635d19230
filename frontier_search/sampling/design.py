"""The blind design of known_size: candidates far from each other, in parameters and in sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from frontier_search.sampling.columns import Columns
from frontier_search.sampling.neighbours import Key, Known, Neighbours, distinct, key
from frontier_search.space import SearchSpace
from frontier_search.trial import Candidate

Array = NDArray[np.float64]

PROBES = 30  # candidates of each family that show how far its sizes range
OTHER_FAMILY = 0.25  # squared distance between two families
COMPARED = 600  # the latest candidates from which a new one keeps its distance
SMALLEST = 1e-12  # a size below it counts as this
REMEMBERED = 50_000  # candidates whose sizes are kept


class Rows:
    """Candidates of a search as rows of the unit cube, whose last columns are the known objectives.

    Args:
        spaces: family -> space.
        known: a candidate's known objectives, positive and minimised.
        admits: whether a candidate keeps the bounds.

    Attributes:
        neighbours: draws candidates within the bounds.
        reference: (k,) log10 of the largest known objectives that were found in the spaces.
    """

    def __init__(
        self,
        spaces: Mapping[str, SearchSpace],
        known: Callable[[Candidate], Known],
        admits: Callable[[Candidate], bool],
    ) -> None:
        self.families = tuple(spaces)
        self._columns, self._known = Columns(spaces), known
        self._found: dict[Key, Known] = {}
        self.neighbours = Neighbours(spaces, admits, self._log_known)
        rng = np.random.default_rng(0)
        probes = [self.neighbours.smallest(family) for family in spaces]
        probes += [self.neighbours.at_random(f, rng) for f in spaces for _ in range(PROBES)]
        found = [candidate for candidate in probes if candidate is not None]
        sizes = self.known(found) if found else np.zeros((1, 1))
        self._low, self.reference = sizes.min(axis=0), sizes.max(axis=0) + 1e-9

    def of(self, candidates: Sequence[Candidate]) -> tuple[Array, NDArray[np.int64], Array]:
        """Returns rows (n, d), numbers of families (n,), and log10 of known objectives (n, k)."""
        known = self.known(candidates)
        scaled = (known - self._low) / np.maximum(self.reference - self._low, 1e-9)
        x = np.hstack([self._columns.rows(candidates), scaled])
        return x, self._columns.family_numbers(candidates), known

    def known(self, candidates: Sequence[Candidate]) -> Array:
        """Returns log10 of the known objectives, (n, k)."""
        return np.array([self._log_known(candidate) for candidate in candidates], dtype=float)

    def _log_known(self, candidate: Candidate) -> Known:
        name = key(candidate)
        if name not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            values = self._known(candidate)
            self._found[name] = tuple(math.log10(max(float(v), SMALLEST)) for v in values)
        return self._found[name]


def spread(
    rows: Rows, family: str, tried: Sequence[Candidate], n: int, rng: np.random.Generator
) -> Candidate | None:
    """Returns the one of some random candidates of a family that is farthest from all tried ones.

    A repeated one if all candidates of the family were tried; None if none keeps the bounds.

    Args:
        n: how many are drawn.
    """
    draws = [rows.neighbours.at_random(family, rng) for _ in range(n)]
    found = distinct([candidate for candidate in draws if candidate is not None])
    keys = {key(candidate) for candidate in tried}
    new = [candidate for candidate in found if key(candidate) not in keys]
    if not new:
        new = [each for each in rows.neighbours.listed(family) if key(each) not in keys]
    if not new or not tried:
        return next(iter(new or found), None)
    (x, own, _), (x2, own2, _) = rows.of(new), rows.of(tried[-COMPARED:])
    squares = ((x[:, None] - x2[None]) ** 2).sum(axis=2)
    distances = (squares + OTHER_FAMILY * (own[:, None] != own2)).min(axis=1)
    return new[int(np.argmax(distances))]
