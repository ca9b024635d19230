"""The finished trials of a search as numbers: what known_size learns from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.sampling.design import Rows
from frontier_search.sampling.gaussian_process import Observations
from frontier_search.sampling.improvement import Front, nondominated
from frontier_search.sampling.neighbours import Key, key
from frontier_search.sampling.start import Start
from frontier_search.sampling.transfer import Transfer, logarithms
from frontier_search.trial import Candidate

Array = NDArray[np.float64]

PARENTS = 10  # at least, from which candidates near the best are drawn
STOPPED_NOISE = 0.15  # standard deviation of a stopped trial's loss, in log10
FAILED_NOISE = 0.3  # of the loss that is assumed of a failed trial


@dataclass(frozen=True)
class Finished:
    """A trial that has ended.

    Attributes:
        loss: the measured objective, smaller is better; None if the trial failed.
        stopped: whether it was stopped early. Its loss informs the model; it is on no front.
    """

    candidate: Candidate
    loss: float | None
    stopped: bool = False

    @property
    def measured(self) -> bool:
        return self.loss is not None and math.isfinite(self.loss)

    @property
    def complete(self) -> bool:
        return self.measured and not self.stopped


class Past:
    """The finished trials of a search, to which later calls only append.

    Only the new ones are computed, so that the cost hardly grows with the history.

    Args:
        rows: turns candidates into numbers.
        start: when the model begins.

    Attributes:
        keys: what equal candidates have in common, of all finished trials.
        x, family, known: their rows, see ``Rows.of``.
        losses: (n,) nan where nothing was measured.
        stopped: (n,) whether each was stopped early.
    """

    def __init__(self, rows: Rows, start: Start) -> None:
        self.rows, self._start = rows, start
        self._begin()

    def _begin(self) -> None:
        self.trials: list[Finished] = []
        self.keys: set[Key] = set()
        self.x, self.family = np.zeros((0, 0)), np.zeros(0, dtype=np.int64)
        self.known = np.zeros((0, len(self.rows.reference)))
        self.losses = np.zeros(0)
        self.stopped = np.zeros(0, dtype=bool)

    def see(self, finished: Sequence[Finished]) -> None:
        """Takes in all finished trials, in the order of their numbers."""
        seen = len(self.trials)
        if list(finished[:seen]) != self.trials:
            self._begin()
            seen = 0
        new = finished[seen:]
        if not new:
            return
        x, family, known = self.rows.of([trial.candidate for trial in new])
        losses = np.array([t.loss if t.measured else np.nan for t in new], dtype=float)
        stopped = np.array([trial.stopped for trial in new])
        if seen:
            x, known = np.concatenate([self.x, x]), np.concatenate([self.known, known])
            family = np.concatenate([self.family, family])
            losses = np.concatenate([self.losses, losses])
            stopped = np.concatenate([self.stopped, stopped])
        self.x, self.family, self.known = x, family, known
        self.losses, self.stopped = losses, stopped
        self.keys |= {key(trial.candidate) for trial in new}
        self.trials = list(finished)

    @property
    def complete(self) -> NDArray[np.bool_]:
        """(n,) whether each is complete."""
        return ~np.isnan(self.losses) & ~self.stopped

    @property
    def is_blind(self) -> bool:
        """Whether too few trials are complete to model losses without earlier outcomes."""
        return bool(self.complete.sum() < self._start.blind)

    def own(self, n: int) -> tuple[Array, NDArray[np.int64], Array]:
        """Returns the complete ones of the first n trials: rows, families and losses to model."""
        complete = self.complete[:n]
        losses = logarithms(self.losses[:n])[complete]
        return self.x[:n][complete], self.family[:n][complete], losses

    def told(self, n: int, transfers: Sequence[Transfer]) -> Told:
        """Returns what the model is told when the first n trials have finished.

        A failed trial counts as one of the largest loss, with noise. So does a loss above it.

        Args:
            transfers: earlier outcomes; those that mislead are left out.
        """
        x, family, losses = self.x[:n], self.family[:n], logarithms(self.losses[:n])
        complete = self.complete[:n]
        found = [(each, each.observations(*self.own(n))) for each in transfers]
        warm = [(each, data) for each, data in found if data is not None]
        largest = [*losses[complete]]
        if len(largest) < self._start.blind:  # too few to show how large losses are
            largest += [float(data.y.max()) for _, data in warm]
        reference = float(max(largest, default=0.0))
        measured = ~np.isnan(losses)
        losses = np.minimum(np.where(measured, losses, reference), reference)
        stopped = np.where(self.stopped[:n], STOPPED_NOISE, 0.0)
        noise = np.where(measured, stopped, FAILED_NOISE) ** 2
        observations = Observations(x, family, losses, noise)
        for _, data in reversed(warm):
            observations = data.and_then(observations)
        earlier = [candidate for each, _ in warm for candidate in each.candidates]
        known = np.vstack([each.known for each, _ in warm]) if warm else np.zeros((0, 1))
        return Told(observations, reference, earlier, known)


@dataclass(frozen=True)
class Told:
    """What the model is told.

    Attributes:
        observations: those of earlier outcomes first, then one a finished trial.
        reference: the largest loss that counts, on the scale of the model.
        earlier: the candidates of the earlier outcomes.
        known: (n, k) their known objectives.
    """

    observations: Observations
    reference: float
    earlier: Sequence[Candidate]
    known: Array


class Fronts:
    """The fronts of the finished trials: of all, and of each family.

    Args:
        past: the finished trials.
        told: of all of them.
    """

    def __init__(self, past: Past, told: Told) -> None:
        self._past, self._told, self._families = past, told, past.rows.families
        self._losses = told.observations.y[len(told.earlier) :]
        self._members = {name: self._front_of(name) for name in ("", *self._families)}

    def _front_of(self, family: str) -> NDArray[np.int64]:
        """Returns the positions of a family's front, or of the front of all families."""
        of = self._past.family == self._families.index(family) if family else True
        own = np.flatnonzero(self._past.complete & of)
        return own[nondominated(self._past.known[own], self._losses[own])] if len(own) else own

    @property
    def reference(self) -> tuple[Array, float]:
        """The known objectives, (k,), and the loss beyond which nothing counts."""
        return self._past.rows.reference, self._told.reference

    def points(self, family: str, known: Array, losses: Array) -> tuple[Array, Array]:
        """Returns a family's front, or that of all, and further points: (n, k) and (n,)."""
        members = self._members[family]
        own_known, own_losses = self._past.known[members], self._losses[members]
        return np.concatenate([own_known, known]), np.concatenate([own_losses, losses])

    def front(self, family: str, known: Array, losses: Array) -> Front:
        """Returns the levels of a family's front, or of that of all, with further points."""
        return Front.of(*self.points(family, known, losses), *self.reference)

    def parents(self) -> list[Candidate]:
        """Returns the candidates that neighbours are drawn from: every front, and the nearly best.

        Members of the front of all families come twice. While few trials are complete, the front
        of earlier outcomes is among them.
        """
        complete, members = np.flatnonzero(self._past.complete), self._members[""]
        known = self._past.known
        covers = (known[members][None] <= known[complete][:, None]).all(axis=2)
        level = np.where(covers, self._losses[members][None], np.inf).min(axis=1, initial=np.inf)
        nearly = complete[np.argsort(self._losses[complete] - level, kind="stable")]
        chosen = [*members, *nearly[: max(PARENTS, len(members))]]
        for family in self._families:
            chosen += list(self._members[family])
        return [*(self._past.trials[i].candidate for i in chosen), *self.earlier()]

    def earlier(self) -> list[Candidate]:
        """Returns the front of earlier outcomes, or none once enough trials are complete."""
        told = self._told
        if not told.earlier or not self._past.is_blind:
            return []
        own = nondominated(told.known, told.observations.y[: len(told.earlier)])
        return [told.earlier[i] for i in own]
