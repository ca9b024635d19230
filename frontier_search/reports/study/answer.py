"""The answer of a report in four sentences, and the two pictures beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from frontier_search.errors import SpecError
from frontier_search.frontier.judge import Answer as Judged
from frontier_search.frontier.membership import members
from frontier_search.frontier.verdict import Verdict
from frontier_search.reports import winner_map
from frontier_search.reports.blocks import Answer, Beside, Block, Figure
from frontier_search.reports.chart import UNSURE, Chart
from frontier_search.reports.study import claims as study_claims
from frontier_search.reports.study import frontiers as study_frontiers
from frontier_search.reports.study import owners as study_owners
from frontier_search.reports.study.claims import Studied
from frontier_search.reports.study.owners import Owned
from frontier_search.storage import references


def answer(
    studied: Sequence[Studied], judged: Sequence[Judged], owned: Owned, level: float
) -> list[Block]:
    """Returns the first screen: what was found in sentences, the claims and the winner map.

    Args:
        studied: the searches without those of later rounds.
        judged: the claims; none where nothing was claimed.
        owned: who owns the frontiers.
        level: of the verdicts.
    """
    sentences = (
        *(_verdicts(judged, level) if judged else _members(studied)),
        owners(owned, level),
        _basis(studied),
    )
    pictures = [study_claims.forest(judged, level)] if judged else []
    if owned.shares:
        pictures.append(study_owners.winner_map_of(owned, level))
    if not pictures:
        pictures = _frontier(studied)
    return [
        Answer(tuple(filter(None, sentences))),
        *([Beside(tuple(pictures))] if pictures else []),
    ]


def _verdicts(judged: Sequence[Judged], level: float) -> tuple[str, str]:
    named: dict[Verdict, list[int]] = {}
    for each in judged:
        named.setdefault(each.verdict, []).append(each.claim.number)
    found = [
        f"{_claims(numbers)} {verbs[len(numbers) > 1]}"
        for verdict, verbs in (
            (Verdict.HOLDS, ("holds", "hold")),
            (Verdict.FAILS, ("does not hold", "do not hold")),
        )
        if (numbers := named.get(verdict, []))
    ]
    still = [*named.get(Verdict.OPEN, []), *named.get(Verdict.SILENT, [])]
    if not found:
        undecided = f"None of {len(judged)} claims can be told with what was trained."
        return undecided, "More seeds may give verdicts; the parts below say how many."
    open_ones = [f"{len(still)} cannot be told"] if still else []
    told = f"Of {len(judged)} claims: {'; '.join([*found, *open_ones])}."
    return told, f"The chance that any of these verdicts is wrong is at most {1 - level:.3g}."


def _claims(numbers: Sequence[int]) -> str:
    *others, last = map(str, numbers)
    return f"claims {', '.join(others)} and {last}" if others else f"claim {last}"


def _members(studied: Sequence[Studied]) -> tuple[str, str]:
    """Returns how many members the frontiers have, and the smallest loss of all."""
    sure = total = 0
    best = None
    for each in study_frontiers.shown(studied):
        for member in members(each.trials, each.search.objective_table()):
            total += 1
            sure += member.probability >= UNSURE
            best = best or (member, each.search)
    seeds = {len(each.search.seeds) for each in studied}
    chance = (
        f"{sure} of them have a chance of {UNSURE:g} or more to be there on fresh seeds."
        if min(seeds) > 1
        else "With one seed no chance is known."
    )
    n = len(study_frontiers.shown(studied))
    return f"{total} models are on {n} frontier{'s' if n > 1 else ''}.", chance


def owners(owned: Owned, level: float, within: str = study_owners.WHOLE_NAME) -> str:
    """Returns which owner has the largest share of how many frontiers, in a range."""
    first, clear = Counter[str](), 0
    for ranges in owned.shares.values():
        ownership = ranges[within]
        shares = winner_map.shares_of(ownership) if ownership else {}
        if ownership and shares:
            first[max(shares, key=lambda owner: shares[owner])] += 1
            clear += winner_map.CLEAR in winner_map.winner(ownership, level)
    if not first:
        return "Too few candidates compete for anybody to own a frontier."
    listed = ", ".join(f"{owner} on {count}" for owner, count in first.most_common())
    plural = "s" if first.total() > 1 else ""
    return (
        f"The largest share of the frontier belongs to {listed} of {first.total()} "
        f"dataset{plural}; on {clear or 'none'} of them beyond chance."
    )


def _basis(studied: Sequence[Studied]) -> str:
    """Returns what all of it rests on."""
    trained = sum(trial.state.finished for each in studied for trial in each.trials)
    families = {trial.candidate.family for each in studied for trial in each.trials}
    datasets = {each.search.dataset for each in studied}
    seeds = sorted({len(each.search.seeds) for each in studied})
    counts = " to ".join(map(str, dict.fromkeys((seeds[0], seeds[-1]))))
    return (
        f"This rests on {trained:,} candidates of {len(families)} "
        f"famil{'ies' if len(families) > 1 else 'y'} on {len(datasets)} "
        f"dataset{'s' if len(datasets) > 1 else ''}, each trained on {counts} "
        f"seed{'s' if seeds[-1] > 1 else ''}."
    )


def _frontier(studied: Sequence[Studied]) -> list[Figure]:
    """Returns the first frontier, where there is no other picture."""
    for each in study_frontiers.shown(studied):
        try:
            chart = Chart.of(each.search, each.trials, references=references.read(each.folder))
        except SpecError:
            continue
        caption = f"The frontier of {each.search.name}. {study_frontiers.READING}"
        return [study_frontiers.picture("first", chart, caption)]
    return []
