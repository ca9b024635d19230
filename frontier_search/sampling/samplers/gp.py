"""gp: Gaussian-process Bayesian optimisation by expected hypervolume improvement.

Source: Daulton, Balandat and Bakshy, "Differentiable Expected Hypervolume Improvement" (NeurIPS 2020); Optuna's GPSampler. It cannot model
conditional parameters, so with the free family budget it sees the parameters of every family in each trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontier_search.sampling.samplers import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def build(seed: int) -> BaseSampler:
    from optuna.samplers import (
        GPSampler,
    )  # optuna and torch load when a proposal is made, not when a table is shown

    return GPSampler(seed=seed)


SAMPLER = Sampler(
    "gp",
    "most sample-efficient; a second or more a proposal: for at most a few hundred trials",
    "Daulton et al. 2020",
    False,
    build,
)
