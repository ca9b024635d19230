"""More seeds for the candidates that decide: which, and how many, until the claims of a sweep can be told.

After the first look at the evidence, the candidates behind every part that cannot be told are trained on as many seeds again, and so on
for at most ``LOOKS`` looks. Looking several times at the level of one look would find something too often; so every look of such a sweep
has the level 1 - (1 - 0.95) / LOOKS (Bonferroni; Pocock, "Group sequential methods", 1977, for the problem).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from frontier_search.frontier.interval import LEVEL
from frontier_search.frontier.judge import Body
from frontier_search.frontier.verdict import Verdict
from frontier_search.search.claim import Claims
from frontier_search.search.reading import WITHOUT_CANDIDATES
from frontier_search.search.search import Search
from frontier_search.search.sweep import further_name
from frontier_search.seeds import seeds_from_count
from frontier_search.trial import Candidate, Trial

LOOKS = 4
CORRECTED = 1 - (1 - LEVEL) / LOOKS

Searched = tuple[Search, Sequence[Trial]]


def further(claims: Claims, searched: Mapping[str, Sequence[Searched]], look: int) -> list[Search]:
    """The searches that give more seeds to the candidates that decide, after a look at the evidence.

    Args:
        searched: label -> the search of that label and those that gave its candidates more seeds before.
        look: 1 after the searches themselves, 2 after the first further ones, ...

    Returns:
        one search a label that has something to decide, called SWEEP-LABEL-more-LOOK; none when every part is settled or no
        affordable number of seeds would settle it, or when this was the last look.
    """
    if look >= LOOKS:
        return []
    body = Body(pair for group in searched.values() for pair in group)
    findings = [body.judge(part, CORRECTED) for claim in claims.claims for part in claim.parts]
    undecided = [
        finding
        for finding in findings
        if finding.verdict is Verdict.OPEN and finding.more_seeds is not None
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
        deciding = [candidate for candidate in own if candidate in wanted]
        if deciding:
            searches.append(_more(first, deciding, look))
    return searches


def _more(search: Search, candidates: Sequence[Candidate], look: int) -> Search:
    """The same candidates on as many new seeds as they have had so far."""
    before = len(search.seeds) * 2 ** (look - 1)
    known = set(search.seeds)
    fresh = tuple(seed for seed in seeds_from_count(2 * before + len(known)) if seed not in known)
    seeds = fresh[before - len(known) :][:before]
    listed = [{"family": candidate.family, **candidate.hyperparameters} for candidate in candidates]
    kept = {
        key: value
        for key, value in search.to_spec().items()
        if key not in WITHOUT_CANDIDATES and key != "time_budget"
    }
    return Search.from_spec(
        kept | {"name": further_name(search.name, look), "candidates": listed, "seeds": list(seeds)}
    )
