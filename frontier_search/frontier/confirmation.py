"""More seeds where they decide: the members of a frontier and their nearest rivals, on fresh seeds.

The seeds of a search chose its members, so they flatter them: the best of many are partly lucky. A
confirmation is a search of its own, which lists these candidates and trains them on seeds that
chose nothing. So its losses, its frontier and its chances carry no such luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from frontier_search.errors import SpecError
from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.membership import chances, minimised
from frontier_search.search.search import Search
from frontier_search.seeds import MAX_SEEDS, seeds_from_count
from frontier_search.trial import Candidate, Trial, TrialState

RIVAL = 0.05  # the chance of membership from which a trial is a rival


def confirmation(search: Search, trials: Sequence[Trial], n_seeds: int) -> Search:
    """Returns the search that trains the members and their rivals on fresh seeds.

    It is a function of the search's trials, and its candidates are in the order of their numbers.

    Args:
        trials: of the search, which has ended.
        n_seeds: how many fresh seeds.

    Raises:
        SpecError: there is no member, or the number of seeds is not allowed.
    """
    most = MAX_SEEDS - len(search.seeds)
    if not 2 <= n_seeds <= most:
        raise SpecError(
            f"confirm = {n_seeds}; give a number of seeds from 2 to {most}. One has no spread."
        )
    deciding = _deciding(search, trials)
    if not deciding:
        raise SpecError(f"search {search.name!r} has no complete trial to confirm.")
    fresh = [s for s in seeds_from_count(n_seeds + len(search.seeds)) if s not in search.seeds]
    return replace(
        search,
        name=f"{search.name}-confirmed-{n_seeds}",
        candidates=tuple(deciding),
        trials=len(deciding),
        seeds=tuple(fresh[:n_seeds]),
        time_budget_s=None,
        families_budget="free",
        sampler="tpe",
        race=None,
        until=None,
        warm_start=(),
    )


def _deciding(search: Search, trials: Sequence[Trial]) -> list[Candidate]:
    objectives = search.objective_table()
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    if not complete:
        return []
    members = Frontier.of(complete, objectives).numbers()
    chance = chances(minimised(complete, objectives))
    chosen = [
        trial.candidate
        for trial, likely in zip(complete, chance, strict=True)
        if trial.number in members or likely >= RIVAL
    ]
    return [each for i, each in enumerate(chosen) if each not in chosen[:i]]
