"""nsga2: a genetic algorithm that selects by non-dominated rank and crowding distance.

Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (IEEE TEC 2002);
Optuna's NSGAIISampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontier_search.sampling.samplers import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

POPULATION = 32
LEAST = 6  # of each family, when families share it


def build(seed: int, population: int = POPULATION) -> BaseSampler:
    # here, so that showing the table does not load optuna
    from frontier_search.sampling.incremental import Nsga2

    return Nsga2(population_size=population, seed=seed)


def build_shared(seed: int, n_families: int) -> BaseSampler:
    return build(seed, max(LEAST, -(-POPULATION // n_families)))


SAMPLER = Sampler(
    name="nsga2",
    summary="a few ms a proposal however long the history: for thousands of trials",
    source="Deb et al. 2002",
    conditional=False,
    build=build,
    start="at random until 32 trials are complete; families that take turns share them, 6 at least",
    build_shared=build_shared,
    restarts=True,
)
