"""Judges the outcome of a trial by what its search asks: objectives, seeds and bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable

from frontier_search.objective import OBJECTIVES, Objective
from frontier_search.search.bound import Bound
from frontier_search.trial import Outcome, Trial


def judge(
    trial: Trial,
    outcome: Outcome,
    objectives: Iterable[Objective],
    n_seeds: int,
    bounds: Iterable[Bound] = (),
) -> tuple[list[float] | None, str | None]:
    """Returns the minimised objectives of a trial, or the reason why it fails; the other is None.

    A trial fails by an exception, a missing seed, a divergence, an objective that is not finite, or
    a required bound that its fitted models break.
    """
    if outcome.failure is not None:
        return None, outcome.failure
    if len(outcome.seeds) != n_seeds:
        return None, f"{len(outcome.seeds)} of {n_seeds} seeds were trained"
    for seed in outcome.seeds:
        if seed.diverged_epoch is not None:
            return None, (
                f"seed {seed.seed} diverged in epoch {seed.diverged_epoch}: "
                "a loss or a parameter is not finite"
            )
    values, trained = [], trial.measured(outcome)
    for bound in bounds:
        if not bound.admits(trained.size):
            size = OBJECTIVES[bound.objective].count(trained.size)
            return None, f"{bound.objective} is {size} after fitting, which breaks {bound}"
    for objective in objectives:
        value = objective.of(trained)
        if not math.isfinite(value):
            return None, f"objective {objective.name} is {value}"
        values.append(objective.to_minimised(value))
    return values, None
