"""gp: Gaussian-process Bayesian optimisation by expected hypervolume improvement.

It cannot model conditional parameters, so with the free family budget it sees the parameters of
every family in each trial.

Source: Daulton, Balandat and Bakshy, "Differentiable Expected Hypervolume Improvement" (NeurIPS
2020); Optuna's GPSampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontier_search.sampling.samplers import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def build(seed: int) -> BaseSampler:
    # here, so that showing the table loads neither optuna nor torch
    from optuna.samplers import GPSampler

    return GPSampler(seed=seed)


SAMPLER = Sampler(
    name="gp",
    summary="most sample-efficient; a second or more a proposal: for at most a few hundred trials",
    source="Daulton et al. 2020",
    conditional=False,
    build=build,
    start="at random until 10 trials are complete, of each family if families take turns",
)
