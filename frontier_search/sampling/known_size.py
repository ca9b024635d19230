"""known_size: proposes where the hypervolume is expected to grow most, given what sizes are known.

One objective is measured, the others are known before training. A Gaussian process models log10 of
the measured one over all families, and the expected improvement of the hypervolume is then exact.
The candidates of a cohort are chosen one after another, as if those before them, and those still in
training, had been measured at their predicted loss.

A proposal is a function of the finished trials, the trials in training, and a seed. What is kept
between two proposals only saves time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.sampling.design import Rows, spread
from frontier_search.sampling.gaussian_process import Kernel, Observations, Process, fit
from frontier_search.sampling.improvement import Front, nondominated
from frontier_search.sampling.neighbours import Known, distinct, key
from frontier_search.space import SearchSpace
from frontier_search.trial import Candidate

Array = NDArray[np.float64]

BLIND = 16  # complete trials before the model is used
RANDOM, NEAR = 500, 500  # candidates of a pool
REFINED, BEST = 200, 10  # further ones, near the best of those
CONDITIONED = 400  # observations of the model, at most
REFIT = 1.1  # hyperparameters are fitted again when there are so many times as many observations
PARENTS = 10  # at least, from which candidates near the best are drawn
SMALLEST = 1e-12  # a loss below it counts as this, on the logarithmic scale
STOPPED_NOISE = 0.15  # standard deviation of a stopped trial's loss, in log10
GAIN = 0.005  # of the hypervolume: a cohort that adds less was not needed
SIMULATED = 200  # draws of a cohort's losses
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


class KnownSize:
    """Proposes the candidates of one search.

    Args:
        spaces: family -> space.
        known: a candidate's known objectives, positive and minimised.
        admits: whether a candidate keeps the bounds.
        seed: of everything random.
    """

    def __init__(
        self,
        spaces: Mapping[str, SearchSpace],
        known: Callable[[Candidate], Known],
        admits: Callable[[Candidate], bool],
        seed: int,
    ) -> None:
        self._families, self._seed = tuple(spaces), seed
        self._rows = Rows(spaces, known, admits)
        self._kernel: tuple[int, Kernel] | None = None
        self._round: _Round | None = None

    def propose(
        self, turn: str, finished: Sequence[Finished], in_training: Sequence[Candidate]
    ) -> Candidate | None:
        """Returns the next candidate, or None if no candidate keeps the bounds.

        A candidate is proposed again only when no other was found.

        Args:
            turn: the family whose turn it is, or "" for any.
            finished: in the order of their numbers.
            in_training: in the order of their numbers.
        """
        proposed = None
        if sum(trial.complete for trial in finished) >= BLIND:
            if self._round is None or not self._round.continues(finished, in_training):
                self._round = self._begin(finished)
            proposed = self._round.propose(turn, in_training)
        return proposed or self._blind(turn, [*(t.candidate for t in finished), *in_training])

    def chance(
        self,
        cohort: Sequence[Candidate],
        finished: Sequence[Finished],
        in_training: Sequence[Candidate],
        leagues: Sequence[str],
    ) -> float:
        """Returns the probability that a cohort adds more than GAIN of the hypervolume.

        It is 1 until the model is used. Seeds' noise counts, and the trials in training are taken
        at their predicted losses.

        Args:
            leagues: the families whose fronts count, or "" for the front of all.
        """
        if sum(trial.complete for trial in finished) < BLIND:
            return 1.0
        data = _Data(finished, self._rows)
        part = data.observations.some(data.observations.best_and_spread(CONDITIONED))
        process = Process(self._fitted(data.observations), part)
        x, family, known = self._rows.of(cohort)
        over = process.over(x, family)
        pending = [self._rows.of([candidate]) for candidate in in_training]
        means = [over.believe(row, number) for row, number, _ in pending]
        draws = over.draws(SIMULATED, np.random.default_rng([self._seed, len(finished)]))
        before, after = 0.0, np.zeros(SIMULATED)
        for league in leagues:
            held = [
                (place[0], mean)
                for candidate, (_, _, place), mean in zip(in_training, pending, means, strict=True)
                if league in ("", candidate.family)
            ]
            own = [i for i, each in enumerate(cohort) if league in ("", each.family)]
            base = [place for place, _ in held], [mean for _, mean in held]
            volume = data.volume(league, *base)
            before += volume
            after += (
                [
                    data.volume(league, [*base[0], *known[own]], [*base[1], *draw[own]])
                    for draw in draws
                ]
                if own
                else volume
            )
        return float((after > (1 + GAIN) * before).mean())

    def _blind(self, turn: str, tried: Sequence[Candidate]) -> Candidate | None:
        rng = np.random.default_rng([self._seed, len(tried)])
        first = len(tried) % len(self._families)
        families = [turn] if turn else [*self._families[first:], *self._families[:first]]
        found = (spread(self._rows, family, tried, rng) for family in families)
        return next((candidate for candidate in found if candidate is not None), None)

    def _begin(self, finished: Sequence[Finished]) -> _Round:
        rng = np.random.default_rng([self._seed, len(finished)])
        data = _Data(finished, self._rows)
        part = data.observations.some(data.observations.best_and_spread(CONDITIONED))
        process = Process(self._fitted(data.observations), part)
        return _Round(self._rows, finished, data, process, self._pool(process, data, rng))

    def _fitted(self, observations: Observations) -> Kernel:
        """Returns hyperparameters, fitted on the first of the observations.

        How many those are grows in steps of a tenth, so that a search of one trial at a time does
        not fit before every trial. It is a function of the number of observations.
        """
        n = BLIND
        while (more := max(n + 1, int(n * REFIT))) <= len(observations.y):
            n = more
        if self._kernel is None or self._kernel[0] != n:
            self._kernel = n, fit(observations.some(np.arange(n)))
        return self._kernel[1]

    def _pool(self, process: Process, data: _Data, rng: np.random.Generator) -> list[Candidate]:
        """Returns candidates of all families: random ones, neighbours of the best trials, and
        neighbours of those that promise most among both."""
        draw, families, parents = self._rows.neighbours, self._families, data.parents()
        drawn = [draw.at_random(families[i % len(families)], rng) for i in range(RANDOM)]
        near = [draw.near(parents[i % len(parents)], rng) for i in range(NEAR)]
        pool = distinct([*filter(None, drawn), *filter(draw.admits, near)])
        if not pool:
            return []
        x, family, known = self._rows.of(pool)
        over = process.over(x, family)
        gain = data.front("").expected_improvement(over.mean, over.deviation, known)
        best = [pool[i] for i in np.argsort(-gain, kind="stable")[:BEST]]
        refined = [draw.near(best[i % len(best)], rng) for i in range(REFINED)]
        return distinct([*pool, *filter(draw.admits, refined)])


class _Data:
    """The finished trials as numbers.

    Attributes:
        observations: of the model, one a trial.
    """

    def __init__(self, finished: Sequence[Finished], rows: Rows) -> None:
        self._candidates = [trial.candidate for trial in finished]
        x, self._family, self._known = rows.of_finished(self._candidates)
        self._families, self._known_reference = rows.families, rows.reference
        measured = np.array([trial.measured for trial in finished])
        stopped = np.array([trial.stopped for trial in finished])
        self._complete = measured & ~stopped
        losses = np.array([t.loss if t.measured else np.nan for t in finished], dtype=float)
        if np.nanmin(losses) >= 0:
            losses = np.log10(np.maximum(losses, SMALLEST))
        self._loss_reference = float(losses[self._complete].max())
        self._losses = np.where(measured, losses, self._loss_reference)
        self._losses = np.minimum(self._losses, self._loss_reference)
        noise = np.where(measured, np.where(stopped, STOPPED_NOISE, 0.0), FAILED_NOISE) ** 2
        self.observations = Observations(x, self._family, self._losses, noise)
        self._members = {name: self._front_of(name) for name in ("", *self._families)}

    def _front_of(self, family: str) -> NDArray[np.int64]:
        """Returns the positions of a family's front, or of the front of all families."""
        of = self._family == self._families.index(family) if family else True
        own = np.flatnonzero(self._complete & of)
        return own[nondominated(self._known[own], self._losses[own])]

    def front(self, family: str, known: Array | None = None, losses: Array | None = None) -> Front:
        """Returns a family's front, or that of all, with further points."""
        members = self._members[family]
        known = self._known[members] if known is None else np.r_[self._known[members], known]
        losses = self._losses[members] if losses is None else np.r_[self._losses[members], losses]
        return Front.of(known, losses, self._known_reference, self._loss_reference)

    def volume(self, family: str, known: Sequence[Array], losses: Sequence[float]) -> float:
        """Returns the hypervolume of a family's front, or that of all, with further points."""
        more = (np.array(known), np.array(losses)) if losses else (None, None)
        return self.front(family, *more).volume(self._loss_reference)

    def parents(self) -> list[Candidate]:
        """Returns the candidates that neighbours are drawn from: every front, and the nearly best.

        Members of the front of all families come twice.
        """
        complete, members = np.flatnonzero(self._complete), self._members[""]
        covers = (self._known[members][None] <= self._known[complete][:, None]).all(axis=2)
        level = np.where(covers, self._losses[members][None], np.inf).min(axis=1)
        nearly = complete[np.argsort(self._losses[complete] - level, kind="stable")]
        chosen = [*members, *nearly[: max(PARENTS, len(members))]]
        for family in self._families:
            chosen += list(self._members[family])
        return [self._candidates[i] for i in chosen]


class _Round:
    """The proposals between two changes of the finished trials."""

    def __init__(
        self,
        rows: Rows,
        finished: Sequence[Finished],
        data: _Data,
        process: Process,
        pool: Sequence[Candidate],
    ) -> None:
        self._rows, self._data, self._pool = rows, data, list(pool)
        self._finished = list(finished)
        self._in_training: list[Candidate] = []
        self._believed: list[tuple[str, Array, float]] = []  # family, known objectives, loss
        tried = {key(trial.candidate) for trial in finished}
        self._open = np.array([key(candidate) not in tried for candidate in self._pool], dtype=bool)
        self._positions = {key(candidate): i for i, candidate in enumerate(self._pool)}
        if self._pool:
            x, self._family, self._known = rows.of(self._pool)
            self._over = process.over(x, self._family)

    def continues(self, finished: Sequence[Finished], in_training: Sequence[Candidate]) -> bool:
        """Whether the same trials have finished, and more or the same are in training."""
        believed = len(self._in_training)
        return (
            len(finished) == len(self._finished)
            and list(in_training[:believed]) == self._in_training
        )

    def propose(self, turn: str, in_training: Sequence[Candidate]) -> Candidate | None:
        """Returns the candidate of the pool that promises most, or None if none is left."""
        if not self._pool:
            return None
        for candidate in in_training[len(self._in_training) :]:
            self._believe(candidate)
        own = self._family == self._rows.families.index(turn) if turn else True
        allowed = np.flatnonzero(self._open & own)
        if not len(allowed):
            return None
        believed = [each for each in self._believed if turn in ("", each[0])]
        front = (
            self._data.front(
                turn, np.array([b[1] for b in believed]), np.array([b[2] for b in believed])
            )
            if believed
            else self._data.front(turn)
        )
        gain = front.expected_improvement(
            self._over.mean[allowed], self._over.deviation[allowed], self._known[allowed]
        )
        return self._pool[int(allowed[np.argmax(gain)])]

    def _believe(self, candidate: Candidate) -> None:
        self._in_training.append(candidate)
        x, family, known = self._rows.of([candidate])
        self._believed.append((candidate.family, known[0], self._over.believe(x, family)))
        position = self._positions.get(key(candidate))
        if position is not None:
            self._open[position] = False
