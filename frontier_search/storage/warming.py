"""Copies the outcomes of earlier searches into a new one, when it is defined."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from frontier_search.data.reference import DatasetReference
from frontier_search.errors import SpecError, unknown
from frontier_search.sampling.earlier import best_and_spread
from frontier_search.search.search import Search
from frontier_search.search.warm_start import BY_LOSSES, BY_RANKS, WarmStart
from frontier_search.trial import Candidate, Trial, TrialState

MOST = 200  # outcomes of a warm start: half the best ones, the others spread over the rest


@dataclass(frozen=True)
class Home:
    """The searches of a home.

    Attributes:
        names: of all of them.
        search: name -> a search. Raises SpecError if its files are damaged.
        trials: name -> its trials.
    """

    names: Sequence[str]
    search: Callable[[str], Search]
    trials: Callable[[str], Sequence[Trial]]


def looked_up(search: Search, home: Home) -> Search:
    """Returns a search that holds the outcomes that its warm start names, as they are now.

    Raises:
        SpecError: there is no such search and no search of such a data set, or none of its
            outcomes can be used.
    """
    if all(each.looked_up for each in search.warm_start):
        return search
    found = [each if each.looked_up else _look_up(each, search, home) for each in search.warm_start]
    return replace(search, warm_start=tuple(found))


def like(search: Search, defined: Search) -> Search:
    """Returns a search with the outcomes of a defined one, if its warm start names the same."""
    asked = [each.given for each in search.warm_start if not each.looked_up]
    same = asked and asked == [each.given for each in defined.warm_start]
    return replace(search, warm_start=defined.warm_start) if same else search


def _look_up(asked: WarmStart, search: Search, home: Home) -> WarmStart:
    sources, outcomes = _sources(asked.given, search, home), list[tuple[Candidate, float]]()
    n_complete = 0
    objective = search.objective_table()[search.measured]
    for source in sources:
        for trial in home.trials(source.name):
            if trial.state is not TrialState.COMPLETE:
                continue
            n_complete += 1
            value = objective.to_minimised(objective.of(trial))
            if math.isfinite(value) and _proposable(trial.candidate, search):
                outcomes.append((trial.candidate, value))
    if not outcomes:
        raise SpecError(
            f"warm_start = {asked.given!r}: of its {n_complete} complete trials none is of the "
            f"families and within the spaces of {search.name!r}; leave it out, or give families "
            "that both have."
        )
    chosen = best_and_spread(np.array([loss for _, loss in outcomes]), MOST)
    same = {each.rows for each in sources} == {search.rows}
    return WarmStart(
        asked.given,
        sources[0].dataset,
        tuple(source.name for source in sources),
        BY_LOSSES if same else BY_RANKS,
        tuple(outcomes[i][0] for i in chosen),
        tuple(outcomes[i][1] for i in chosen),
    )


def _sources(given: str, search: Search, home: Home) -> list[Search]:
    """Returns the search of a name, or else all searches of a data set."""
    if given in home.names:
        return [home.search(given)]
    others = []
    for name in home.names:
        with suppress(SpecError):  # a damaged search is none of a data set
            others.append(home.search(name))
    recorded = DatasetReference.read(given).recorded
    found = [other for other in others if other.dataset in (given, recorded)]
    if not found:
        known = dict.fromkeys([*home.names, *(other.dataset for other in others)])
        if not known:
            raise SpecError(f"warm_start = {given!r}: this home has no search yet; leave it out.")
        raise SpecError(f"warm_start: {unknown('search or data set', given, known)}")
    return found


def _proposable(candidate: Candidate, search: Search) -> bool:
    """Whether a search could propose a candidate: it is of a family, and within its space."""
    space, point = search.spaces.get(candidate.family), candidate.hyperparameters
    return (
        space is not None
        and set(space.names()) == set(point)
        and all(point[name] in parameter for name, parameter in space)
    )
