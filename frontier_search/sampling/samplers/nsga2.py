"""nsga2: a genetic algorithm that selects by non-dominated rank and crowding distance.

Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (IEEE TEC 2002);
Optuna's NSGAIISampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontier_search.sampling.samplers import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

POPULATION = 32  # small, because a balanced search keeps a population for each family


def build(seed: int) -> BaseSampler:
    # here, so that showing the table does not load optuna
    from frontier_search.sampling.incremental import Nsga2

    return Nsga2(population_size=POPULATION, seed=seed)


SAMPLER = Sampler(
    name="nsga2",
    summary="a few ms a proposal however long the history: for thousands of trials",
    source="Deb et al. 2002",
    conditional=False,
    build=build,
)
