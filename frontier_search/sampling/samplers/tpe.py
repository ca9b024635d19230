"""tpe: multi-objective tree-structured Parzen estimators over groups of parameters.

Parameters that occur together form a group. Candidates in flight count as bad ones, so that the
candidates of a cohort differ.

Source: Ozaki et al., "Multiobjective Tree-Structured Parzen Estimator" (JAIR 2022); Falkner, Klein
and Hutter (ICML 2018) for the multivariate kernel; Optuna's TPESampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontier_search.sampling.samplers import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


START = 10  # complete trials before the model is used
LEAST = 4  # of each family, when families share them


def build(seed: int, start: int = START) -> BaseSampler:
    # here, so that showing the table does not load optuna
    from optuna.samplers import TPESampler

    return TPESampler(
        multivariate=True, group=True, constant_liar=True, n_startup_trials=start, seed=seed
    )


def build_shared(seed: int, n_families: int) -> BaseSampler:
    return build(seed, max(LEAST, -(-START // n_families)))


SAMPLER = Sampler(
    name="tpe",
    summary="milliseconds a proposal, growing with the history; for several measured objectives",
    source="Ozaki et al. 2022",
    conditional=True,
    build=build,
    start="at random until 10 trials are complete; families that take turns share them, 4 at least",
    build_shared=build_shared,
)
