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


def build(seed: int) -> BaseSampler:
    # here, so that showing the table does not load optuna
    from optuna.samplers import TPESampler

    return TPESampler(
        multivariate=True, group=True, constant_liar=True, n_startup_trials=10, seed=seed
    )


SAMPLER = Sampler(
    name="tpe",
    summary="default; sample-efficient, milliseconds a proposal, growing with the history",
    source="Ozaki et al. 2022",
    conditional=True,
    build=build,
)
