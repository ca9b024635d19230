"""The owners of the frontiers of a study: the families' shares, and the winner map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.judge import Body
from frontier_search.frontier.ownership import LOW_END, WHOLE, Ownership, Range
from frontier_search.reports import illustrations, words
from frontier_search.reports.document import Block, Figure, Heading, Paragraph, Table
from frontier_search.reports.study_claims import Studied
from frontier_search.search.claim import Claims

RANGES = (LOW_END, WHOLE)  # of parameters, in which owners are shown
# Owners are shown from this number of candidates on. Fewer candidates are points that somebody
# picked, so their owners say nothing about the families.
CONTEST = 9
COLUMNS = (
    "dataset",
    "range",
    "family",
    "hypervolume, typical seed",
    "on mean losses",
    "by lots",
    "members, typical seed",
    "owns more than",
)
WINNERS = (
    "The winner map: the reservoirs' share, on the typical seed and with its interval, of the "
    "hypervolume that reservoirs and dense networks own together."
)


def owners(studied: Sequence[Studied], body: Body, claims: Claims, level: float) -> list[Block]:
    """Returns the shares of the families in each frontier, and the winner map of two groups.

    Args:
        claims: with the groups ``reservoir`` and ``dense``, if there is to be a winner map.
        level: of the intervals.
    """
    contests = {
        name: body.richest(name) for name in dict.fromkeys(each.search.dataset for each in studied)
    }
    owned = {
        dataset: {str(within): _ownership(body, evidence, within) for within in RANGES}
        for dataset, evidence in contests.items()
        if evidence is not None
        and len(evidence.candidates) >= CONTEST
        and len({candidate.family for candidate in evidence.candidates}) > 1
    }
    if not owned:
        return []
    rows = [
        row
        for dataset, ranges in owned.items()
        for within, ownership in ranges.items()
        for row in _shares(dataset, within, ownership, level)
    ]
    found: list[Block] = [
        Heading("Who owns the frontier"),
        Paragraph(
            "A family's share of the hypervolume is its share of the gain over the best constant "
            "prediction, at a parameter budget drawn at random on the logarithmic axis; its share "
            "of members is counted. Members are chosen on validation and valued on test. Every "
            "seed has a frontier of its own, and the typical seed's share is the median over them. "
            '"By lots" is what the family would own on average if all candidates were equal. '
            "A family owns more than those named in the last column on so many seeds that chance "
            f"is excluded (sign test at {level:.4g}, Holm's correction for all pairs of the range)."
        ),
        Table(COLUMNS, tuple(rows), frozenset({3, 4, 5, 6})),
    ]
    if {"reservoir", "dense"} <= set(claims.groups):
        found.append(_winner_map(owned, claims.groups["reservoir"], claims.groups["dense"], level))
    return found


def _winner_map(
    owned: Mapping[str, Mapping[str, Ownership | None]],
    reservoirs: Sequence[str],
    dense: Sequence[str],
    level: float,
) -> Figure:
    shares = {
        dataset: {
            within: ownership.between(reservoirs, dense, level) if ownership else None
            for within, ownership in ranges.items()
        }
        for dataset, ranges in owned.items()
    }
    title = "reservoirs (blue) against dense (red): share of what both own"
    return Figure("winners.png", illustrations.winners(shares, title), WINNERS)


def _shares(
    dataset: str, within: str, ownership: Ownership | None, level: float
) -> list[tuple[str, ...]]:
    """Returns a row for each family that owns something in a range, the largest share first."""
    if ownership is None:
        return [(dataset, within, "no such model", *[""] * (len(COLUMNS) - 3))]
    beaten = ownership.beaten(level)
    shares = sorted(
        ((ownership.of([family], level=level), family) for family in ownership.families),
        key=lambda pair: (-pair[0].typical, -pair[0].value),
    )
    return [
        (
            dataset,
            within,
            family,
            words.share(share),
            words.fraction(share.value),
            words.fraction(ownership.by_lots([family])),
            words.share(ownership.of([family], "members", level)),
            ", ".join(beaten[family]),
        )
        for share, family in shares
        if max(share.typical, share.value) > 0.005 or share.interval.high > 0.05
    ]


def _ownership(body: Body, evidence: Evidence, within: Range) -> Ownership | None:
    """Returns the shares in a range, or None if no model is small enough for it."""
    return None if float(evidence.params.min()) > within.high else body.ownership(evidence, within)
