"""The owners of the frontiers of a study: the families' shares, and the winner map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.judge import Body
from frontier_search.frontier.ownership import LOW_END, WHOLE, Ownership, Range
from frontier_search.reports import winner_map, words
from frontier_search.reports.blocks import Block, Figure, Heading, Paragraph, Table
from frontier_search.reports.study.claims import Studied
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
WHOLE_NAME = str(WHOLE)
ALONE = "no_recurrence"  # the control that is an owner by itself beside reservoirs and dense
FEW_OWNERS = 7  # of more families than this, those with the smallest shares are drawn together
OWNERSHIP = (
    "A family's share of the hypervolume is its share of the gain over the best constant "
    "prediction, at a parameter budget drawn at random on the logarithmic axis. Members are chosen "
    "on validation and valued on test."
)


@dataclass(frozen=True)
class Owned:
    """Who owns the frontier of each dataset in which enough candidates compete.

    Attributes:
        families: dataset -> range -> the families' shares, or None if no model is in the range.
        owners: name of an owner -> its families.
        shares: the same as ``families``, of the owners.
    """

    families: Mapping[str, Mapping[str, Ownership | None]]
    owners: Mapping[str, Sequence[str]]

    @property
    def shares(self) -> dict[str, dict[str, Ownership | None]]:
        return {
            dataset: {
                within: ownership and ownership.grouped(self.owners)
                for within, ownership in ranges.items()
            }
            for dataset, ranges in self.families.items()
        }


def owned(studied: Sequence[Studied], body: Body, claims: Claims) -> Owned:
    """Returns the owners of the frontiers of a study.

    Args:
        claims: with the groups ``reservoir`` and ``dense``, if these are to be the owners.
    """
    contests = {
        name: body.richest(name) for name in dict.fromkeys(each.search.dataset for each in studied)
    }
    found = {
        dataset: {str(within): _ownership(body, evidence, within) for within in RANGES}
        for dataset, evidence in contests.items()
        if evidence is not None
        and len(evidence.candidates) >= CONTEST
        and len({candidate.family for candidate in evidence.candidates}) > 1
    }
    return Owned(found, _owners(found, claims))


def _owners(
    found: Mapping[str, Mapping[str, Ownership | None]], claims: Claims
) -> dict[str, Sequence[str]]:
    """Returns the three owners of a study of reservoirs, else the families with most of all."""
    present: dict[str, float] = {}
    for ownership in (each for ranges in found.values() for each in ranges.values() if each):
        for family in ownership.families:
            share = ownership.of([family]).value
            present[family] = present.get(family, 0.0) + (0.0 if math.isnan(share) else share)
    owners: dict[str, Sequence[str]] = {}
    if {"reservoir", "dense"} <= set(claims.groups):
        owners["reservoirs"] = claims.groups["reservoir"]
        owners["no recurrence"] = (ALONE,)
        owners["dense"] = claims.groups["dense"]
    else:
        most = sorted(present, key=lambda family: -present[family])
        kept = most if len(most) <= FEW_OWNERS else most[: FEW_OWNERS - 1]
        owners.update({family: (family,) for family in sorted(kept)})
    named = {family for families in owners.values() for family in families}
    rest = [family for family in present if family not in named]
    return owners | ({winner_map.OTHERS: rest} if rest else {})


def winner_map_of(owned: Owned, level: float) -> Figure:
    """Returns the winner map."""
    members = "; ".join(
        f"{owner}: {', '.join(families)}"
        for owner, families in owned.owners.items()
        if [family.replace("_", " ") for family in families] != [owner.replace("_", " ")]
    )
    caption = (
        "Who owns the frontier, by the number of parameters. A bar is divided by the owners' "
        "shares of the hypervolume on the mean losses; the words name the largest one. "
        f"{winner_map.CLEAR}: it owns more than every other owner beyond chance, seed by seed "
        f"(sign test at {level:.4g}, Holm's correction). Without it, another owner may be as good."
    )
    caption += f" {members[0].upper()}{members[1:]}." if members else ""
    return Figure("winners", winner_map.draw(owned.shares, list(owned.owners), level), caption)


def owners(owned: Owned, level: float) -> list[Block]:
    """Returns the shares of the families in each frontier; nothing where nobody competes.

    Args:
        level: of the intervals.
    """
    if not owned.families:
        return []
    rows = [
        row
        for dataset, ranges in owned.families.items()
        for within, ownership in ranges.items()
        for row in _shares(dataset, within, ownership, level)
    ]
    return [
        Heading("Who owns the frontier"),
        Paragraph(
            f"{OWNERSHIP} Every seed has a frontier of its own, and the typical seed's share is "
            "the median over them. The share of members is counted. "
            '"By lots" is what the family would own on average if all candidates were equal. '
            "A family owns more than those named in the last column on so many seeds that chance "
            f"is excluded (sign test at {level:.4g}, Holm's correction for all pairs of the range)."
        ),
        Table(
            COLUMNS,
            tuple(rows),
            "The families' shares of each frontier, the largest first. Brackets: the interval of "
            f"the typical seed's share at {level:.4g}.",
            frozenset({3, 4, 5, 6}),
        ),
    ]


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
