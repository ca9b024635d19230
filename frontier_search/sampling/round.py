"""One round of known_size: the proposals between two changes of the finished trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from frontier_search.sampling.design import Rows
from frontier_search.sampling.finished import Fronts
from frontier_search.sampling.gaussian_process import Process
from frontier_search.sampling.improvement import volumes
from frontier_search.sampling.neighbours import Key, distinct, key
from frontier_search.trial import Candidate

Array = NDArray[np.float64]
Cost = Callable[[Candidate], float]

RANDOM, NEAR = 500, 500  # candidates of a pool
REFINED, BEST = 200, 10  # further ones, near the best of those
GAIN = 0.005  # of the hypervolume: a cohort that adds less was not needed
SIMULATED = 200  # draws of a cohort's losses


class Round:
    """What the model says while the same trials have finished.

    The candidates of a cohort are chosen one after another, as if those before them, and those
    still in training, had been measured at their predicted loss.

    Args:
        process: conditioned on what the finished trials and earlier outcomes tell.
        fronts: of the finished trials.
        tried: what equal candidates have in common, of the finished trials.
        n_finished: how many have finished.
        cost: of the training of a candidate, in any unit.
    """

    def __init__(
        self,
        rows: Rows,
        process: Process,
        fronts: Fronts,
        tried: set[Key],
        n_finished: int,
        cost: Cost,
    ) -> None:
        self._rows, self.process, self.fronts = rows, process, fronts
        self._tried, self.n_finished, self._cost = tried, n_finished, cost
        self._in_training: list[Candidate] = []
        self._believed: list[tuple[str, Array, float]] = []  # family, known objectives, loss
        self._pool: list[Candidate] | None = None

    def continues(self, n_finished: int, in_training: Sequence[Candidate]) -> bool:
        """Whether no trial has finished since, and more or the same are in training."""
        believed = len(self._in_training)
        return n_finished == self.n_finished and list(in_training[:believed]) == self._in_training

    def propose(
        self, turn: str, in_training: Sequence[Candidate], seed: Sequence[int]
    ) -> Candidate | None:
        """Returns the candidate of the pool that promises most for its cost, or None.

        None if none is left.

        Args:
            turn: the family whose turn it is, or "" for any.
            seed: of the pool, which is drawn once.
        """
        if self._pool is None:
            self._open_pool(seed)
        assert self._pool is not None
        if not self._pool:
            return None
        for candidate in in_training[len(self._in_training) :]:
            self._believe(candidate)
        own = self._family == self._rows.families.index(turn) if turn else True
        allowed = np.flatnonzero(self._open & own)
        if not len(allowed):
            return None
        believed = [each for each in self._believed if turn in ("", each[0])]
        sizes = np.array([known for _, known, _ in believed]).reshape(-1, self._known.shape[1])
        front = self.fronts.front(turn, sizes, np.array([loss for *_, loss in believed]))
        gain = front.expected_improvement(
            self._over.mean[allowed], self._over.deviation[allowed], self._known[allowed]
        )
        return self._pool[int(allowed[np.argmax(gain / self._costs[allowed])])]

    def _believe(self, candidate: Candidate) -> None:
        self._in_training.append(candidate)
        x, family, known = self._rows.of([candidate])
        self._believed.append((candidate.family, known[0], self._over.believe(x, family)))
        position = self._positions.get(key(candidate))
        if position is not None:
            self._open[position] = False

    def _open_pool(self, seed: Sequence[int]) -> None:
        self._pool = pool = self._draw(np.random.default_rng(seed))
        keys = [key(candidate) for candidate in pool]
        self._open = np.array([each not in self._tried for each in keys], dtype=bool)
        self._positions = {each: i for i, each in enumerate(keys)}
        if pool:
            x, self._family, self._known = self._rows.of(pool)
            self._over = self.process.over(x, self._family)
            self._costs = np.array([self._cost(candidate) for candidate in pool])

    def _draw(self, rng: np.random.Generator) -> list[Candidate]:
        """Returns candidates of all families: random ones, neighbours of the best trials, and
        neighbours of those that promise most among both."""
        draw, families, parents = self._rows.neighbours, self._rows.families, self.fronts.parents()
        drawn = [draw.at_random(families[i % len(families)], rng) for i in range(RANDOM)]
        near = [draw.near(parents[i % len(parents)], rng) for i in range(NEAR)]
        pool = distinct([*filter(None, drawn), *filter(draw.admits, near), *self.fronts.earlier()])
        if not pool:
            return []
        x, family, known = self._rows.of(pool)
        over = self.process.over(x, family)
        front = self.fronts.front("", known[:0], over.mean[:0])
        gain = front.expected_improvement(over.mean, over.deviation, known)
        best = [pool[i] for i in np.argsort(-gain, kind="stable")[:BEST]]
        refined = [draw.near(best[i % len(best)], rng) for i in range(REFINED)]
        return distinct([*pool, *filter(draw.admits, refined)])

    def chance(
        self,
        cohort: Sequence[Candidate],
        in_training: Sequence[Candidate],
        leagues: Sequence[str],
        seed: Sequence[int],
    ) -> float:
        """Returns the probability that a cohort adds more than GAIN of the hypervolume.

        Seeds' noise counts, and the trials in training are taken at their predicted losses.

        Args:
            leagues: the families whose fronts count, or "" for the front of all.
        """
        x, family, known = self._rows.of(cohort)
        over = self.process.over(x, family)
        pending = [self._rows.of([candidate]) for candidate in in_training]
        means = np.array([over.believe(row, number) for row, number, _ in pending])
        sizes = np.array([place[0] for *_, place in pending]).reshape(-1, known.shape[1])
        draws = over.draws(SIMULATED, np.random.default_rng(seed))
        before, after = 0.0, np.zeros(SIMULATED)
        for league in leagues:
            held = np.array([league in ("", each.family) for each in in_training], dtype=bool)
            own = np.array([league in ("", each.family) for each in cohort], dtype=bool)
            base, losses = self.fronts.points(league, sizes[held], means[held])
            volume = volumes(base, losses[None], *self.fronts.reference)[0]
            before += volume
            if own.any():
                base = np.concatenate([base, known[own]])
                fixed = np.broadcast_to(losses, (SIMULATED, len(losses)))
                drawn = np.hstack([fixed, draws[:, own]])
                volume = volumes(base, drawn, *self.fronts.reference)
            after += volume
        return float((after > (1 + GAIN) * before).mean())
