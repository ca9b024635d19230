"""tpe: multi-objective tree-structured Parzen estimators over groups of parameters that occur together.

Source: Ozaki et al., "Multiobjective Tree-Structured Parzen Estimator" (JAIR 2022); Falkner, Klein and Hutter (ICML 2018) for the
multivariate kernel; Optuna's TPESampler. Candidates in flight count as bad ones, so that a cohort spreads out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontier_search.sampling.samplers import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def build(seed: int) -> BaseSampler:
    from optuna.samplers import (
        TPESampler,
    )  # optuna loads when a proposal is made, not when a table is shown

    return TPESampler(
        multivariate=True, group=True, constant_liar=True, n_startup_trials=10, seed=seed
    )


SAMPLER = Sampler(
    "tpe",
    "default; sample-efficient, milliseconds a proposal, growing with the history",
    "Ozaki et al. 2022",
    True,
    build,
)
