"""known_size: proposes where the hypervolume is expected to grow most, given what sizes are known.

One objective is measured, the others are known before training. A Gaussian process models log10 of
the measured one over all families, and the expected improvement of the hypervolume is then exact.
The candidates of a cohort are chosen one after another, as if those before them, and those still in
training, had been measured at their predicted loss. Where it is known what a training costs, the
gain counts for each unit of cost (Snoek, Larochelle and Adams, NeurIPS 2012).

A proposal is a function of the finished trials, the trials in training, and a seed. What is kept
between two proposals only saves time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from frontier_search.sampling.design import Rows, spread
from frontier_search.sampling.earlier import Earlier, best_and_spread
from frontier_search.sampling.finished import Finished, Fronts, Past
from frontier_search.sampling.gaussian_process import Kernel, Process, fit
from frontier_search.sampling.neighbours import Known
from frontier_search.sampling.round import Cost, Round
from frontier_search.sampling.start import EARLY, Start
from frontier_search.sampling.transfer import Transfer
from frontier_search.space import SearchSpace
from frontier_search.trial import Candidate

CONDITIONED = 400  # observations of the model, at most
REFIT = 1.1  # hyperparameters are fitted again when there are so many times as many trials


class KnownSize:
    """Proposes the candidates of one search.

    Args:
        spaces: family -> space.
        known: a candidate's known objectives, positive and minimised.
        admits: whether a candidate keeps the bounds.
        seed: of everything random.
        earlier: outcomes of earlier searches that inform the model and are on no front.
        start: when it begins to learn.
        cost: of the training of a candidate, in any unit. The gain is weighed against it.
    """

    def __init__(
        self,
        spaces: Mapping[str, SearchSpace],
        known: Callable[[Candidate], Known],
        admits: Callable[[Candidate], bool],
        seed: int,
        earlier: Sequence[Earlier] = (),
        start: Start = EARLY,
        cost: Cost = lambda candidate: 1.0,
    ) -> None:
        self._families, self._seed, self._start = tuple(spaces), seed, start
        self._cost = cost
        self._rows = Rows(spaces, known, admits)
        self._past = Past(self._rows, start)
        self._transfers = [Transfer(each, self._rows) for each in earlier]
        self._kernel: tuple[int, Kernel] | None = None
        self._round: Round | None = None

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
        self._past.see(finished)
        proposed = None
        if self._models(len(finished) + len(in_training)):
            here = self._round
            if here is None or not here.continues(len(finished), in_training):
                here = self._round = self._begin()
            if here is not None:
                proposed = here.propose(turn, in_training, [self._seed, len(finished)])
        return proposed or self._blind(turn, [*(t.candidate for t in finished), *in_training])

    def agreements(self, finished: Sequence[Finished]) -> list[float | None]:
        """Returns how earlier outcomes rank the complete trials, see ``Transfer.agreement``."""
        self._past.see(finished)
        return [each.agreement(*self._past.own(len(finished))) for each in self._transfers]

    def chance(
        self,
        cohort: Sequence[Candidate],
        finished: Sequence[Finished],
        in_training: Sequence[Candidate],
        leagues: Sequence[str],
    ) -> float:
        """Returns the probability that a cohort adds noticeably to the hypervolume.

        It is 1 until enough trials are complete. See ``Round.chance``.

        Args:
            leagues: the families whose fronts count, or "" for the front of all.
        """
        self._past.see(finished)
        if self._past.is_blind:
            return 1.0
        here = self._round
        if here is None or here.n_finished != len(finished):
            here = self._begin()
        assert here is not None
        return here.chance(cohort, in_training, leagues, [self._seed, len(finished)])

    def _models(self, number: int) -> bool:
        """Whether the model proposes a trial: always once enough trials are complete.

        Before, earlier outcomes are enough for some of them, see ``Start``.
        """
        if not self._past.is_blind:
            return True
        n_families, every = len(self._families), self._start.informed
        shifted = math.gcd(n_families, every) > 1  # or a family is always blind
        rounds = number // n_families if shifted else 0
        return bool(self._transfers) and (number + rounds) % every == 0

    def _blind(self, turn: str, tried: Sequence[Candidate]) -> Candidate | None:
        rng = np.random.default_rng([self._seed, len(tried)])
        first = len(tried) % len(self._families)
        families = [turn] if turn else [*self._families[first:], *self._families[:first]]
        found = (spread(self._rows, family, tried, self._start.draws, rng) for family in families)
        return next((candidate for candidate in found if candidate is not None), None)

    def _begin(self) -> Round | None:
        """Returns a new round, or None if nothing is known yet: all earlier outcomes mislead."""
        past, n = self._past, len(self._past.trials)
        told = past.told(n, self._transfers)
        if past.is_blind and not told.earlier:
            return None
        data = told.observations
        process = Process(self._fitted(n), data.some(best_and_spread(data.y, CONDITIONED)))
        return Round(self._rows, process, Fronts(past, told), past.keys, n, self._cost)

    def _fitted(self, n_finished: int) -> Kernel:
        """Returns hyperparameters, fitted on the first of the finished trials.

        How many those are grows in steps of a tenth, so that a search of one trial at a time does
        not fit before every trial. It is a function of the number of finished trials.
        """
        n = 0 if self._transfers else self._start.blind
        while (more := max(n + 1, int(n * REFIT))) <= n_finished:
            n = more
        if self._kernel is None or self._kernel[0] != n:
            self._kernel = n, fit(self._past.told(n, self._transfers).observations)
        return self._kernel[1]
