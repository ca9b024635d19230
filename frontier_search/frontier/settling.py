"""Settling the claims of a sweep with more seeds for the candidates that decide them.

The claims are judged in at most ``MAX_ROUNDS`` rounds. After each round, the candidates behind
every part that is still open are trained on as many new seeds as they have had. Several rounds at
the level of one would find a difference too often, so every round has the level
1 - (1 - 0.95) / MAX_ROUNDS (Bonferroni; the problem is that of Pocock, "Group sequential methods",
1977). Within a round Holm's correction covers all parts. So the chance of any wrong verdict, over
all rounds and all parts, is at most 5 %. A round with too few seeds for its level decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from frontier_search.frontier.evidence import candidate_today
from frontier_search.frontier.interval import LEVEL
from frontier_search.frontier.judge import Body
from frontier_search.frontier.verdict import Verdict
from frontier_search.search.claim import Claims
from frontier_search.search.reading import WITHOUT_CANDIDATES
from frontier_search.search.search import Search
from frontier_search.search.sweep import further_name
from frontier_search.seeds import seeds_from_count
from frontier_search.trial import Candidate, Trial

MAX_ROUNDS = 4
CORRECTED = 1 - (1 - LEVEL) / MAX_ROUNDS  # confidence level of each round

Searched = tuple[Search, Sequence[Trial]]


def further(
    claims: Claims, searched: Mapping[str, Sequence[Searched]], judged_round: int
) -> list[Search]:
    """Returns the searches that give more seeds to the candidates of open claims.

    Args:
        searched: label -> the search of that label, then those that gave its candidates more seeds.
        judged_round: 1 after the searches of the sweep itself, 2 after the first further ones, ...

    Returns:
        one search, called SWEEP-LABEL-more-ROUND, for each label whose candidates decide an open
        part. The list is empty when every part is settled, and after the last round.
    """
    if judged_round >= MAX_ROUNDS:
        return []
    body = Body(pair for group in searched.values() for pair in group)
    undecided = [
        finding
        for answer in body.answers(claims.claims, CORRECTED)
        for finding in answer.findings
        if finding.verdict is Verdict.OPEN
    ]
    searches = []
    for group in searched.values():
        first, names = group[0][0], {search.name for search, _ in group}
        wanted = [
            candidate
            for finding in undecided
            if names & set(finding.sources)
            for candidate in finding.candidates
        ]
        own = [trial.candidate for trial in group[0][1]]
        deciding = [each for each in own if candidate_today(each, first.edition) in wanted]
        if deciding:
            searches.append(_more(first, deciding, judged_round))
    return searches


def _more(search: Search, candidates: Sequence[Candidate], judged_round: int) -> Search:
    """Returns a search of the same candidates on as many new seeds as they have had so far.

    Its candidates are listed, so it does not race, and has no end that a sampler predicts.
    """
    before = len(search.seeds) * 2 ** (judged_round - 1)
    known = set(search.seeds)
    fresh = tuple(seed for seed in seeds_from_count(2 * before + len(known)) if seed not in known)
    seeds = fresh[before - len(known) :][:before]
    listed = [{"family": candidate.family, **candidate.hyperparameters} for candidate in candidates]
    kept = {
        key: value
        for key, value in search.to_spec().items()
        if key not in (*WITHOUT_CANDIDATES, "race", "until", "time_budget", "warm_start")
    }
    name = further_name(search.name, judged_round)
    return Search.from_spec(kept | {"name": name, "candidates": listed, "seeds": list(seeds)})
