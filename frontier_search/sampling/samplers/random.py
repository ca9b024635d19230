"""random: every parameter drawn independently.

Source: Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization" (JMLR 2012); Optuna's RandomSampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontier_search.sampling.samplers import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def build(seed: int) -> BaseSampler:
    from optuna.samplers import (
        RandomSampler,
    )  # optuna loads when a proposal is made, not when a table is shown

    return RandomSampler(seed=seed)


SAMPLER = Sampler(
    "random", "the baseline; unbiased and free", "Bergstra and Bengio 2012", True, build
)
