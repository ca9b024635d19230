"""What a sampler knows of a candidate before it is trained: known objectives, and its cost."""

from __future__ import annotations

from frontier_search.search.search import Search
from frontier_search.trial import Candidate

# A training takes as long for a row's share of everything else as for so many floating-point
# operations of the forward pass: a line through the processor seconds of the nine published
# families in the compiled kernel (benchmarks/training_costs.py) gives 3,700 and 4,300.
BESIDES_FLOPS = 4000

REMEMBERED = 5000  # candidates: more than a proposal looks at


class Sizes:
    """The sizes of the candidates of a search, counted once each.

    Args:
        search: whose objectives are known or measured.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._known = [each for each in search.objective_table() if each.known]
        self._found: dict[tuple[object, ...], dict[str, int]] = {}

    def known(self, candidate: Candidate) -> tuple[float, ...]:
        """Returns the known objectives of a candidate, in their order."""
        size = self._of(candidate)
        return tuple(float(each.count(size)) for each in self._known)

    def cost(self, candidate: Candidate) -> float:
        """Returns what a candidate's training costs, in flops a row; 1 if the search ignores it."""
        return BESIDES_FLOPS + self._of(candidate)["flops"] if self._search.weighs_costs else 1.0

    def _of(self, candidate: Candidate) -> dict[str, int]:
        name = (candidate.family, *candidate.hyperparameters.items())
        if name not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[name] = self._search.size(candidate)
        return self._found[name]
