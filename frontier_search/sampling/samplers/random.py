"""random: every parameter drawn independently.

Source: Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization" (JMLR 2012); Optuna's
RandomSampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontier_search.sampling.samplers import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def build(seed: int) -> BaseSampler:
    # here, so that showing the table does not load optuna
    from frontier_search.sampling.draws import Random

    return Random(seed=seed)


SAMPLER = Sampler(
    name="random",
    summary="the baseline; unbiased and free",
    source="Bergstra and Bengio 2012",
    conditional=True,
    build=build,
    start="at random, always",
    restarts=True,
)
