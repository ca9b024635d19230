"""The zoo of samplers. Every proposal comes from a sampler that starts from a seed of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from frontier_search.zoo import Zoo

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@dataclass(frozen=True)
class Sampler:
    """A way to propose candidates.

    Attributes:
        name: the name in the table.
        summary: one line: when to use it, and what it costs.
        source: paper.
        conditional: whether it models parameters that only some trials have. With the free family
            budget, a sampler without conditional spaces sees the parameters of all families in
            every trial; those of families that were not chosen have no effect.
        start: one line: what it does in the first trials.
        build: seed -> a new Optuna sampler, so that the same history gives the same proposal in
            any process. None for known_size, which is not one of Optuna's.
        restarts: whether a built sampler is as good as new once its random streams are started
            again, because it keeps nothing else from a proposal. That is quicker than building it.
        build_shared: (seed, n_families=) -> the same for one of several families that take turns
            and share its random start; None for a sampler whose start does not depend on them.
    """

    name: str
    summary: str
    source: str
    conditional: bool
    build: Callable[[int], BaseSampler] | None
    start: str = ""
    build_shared: Callable[..., BaseSampler] | None = None
    restarts: bool = False


KNOWN_SIZE = "known_size"
MOST_KNOWN = 2  # objectives known before training that known_size takes

SAMPLERS: Zoo[Sampler] = Zoo(
    "sampler",
    {
        name: f"frontier_search.sampling.samplers.{name}:SAMPLER"
        for name in (KNOWN_SIZE, "tpe", "nsga2", "gp", "random")
    },
)
