"""The pictures of a report's first screen: nothing cut, the same each time, and true."""

from __future__ import annotations

import io
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.interval import Interval
from frontier_search.frontier.ownership import Ownership, ownership
from frontier_search.frontier.verdict import UNKNOWN, Verdict
from frontier_search.reports import forest, winner_map
from frontier_search.reports.forest import Row
from frontier_search.reports.pictures import VERDICTS
from tests.support.evidence import search, trial

ROWS = [
    Row("1  a claim of more than forty-six letters that needs a second line", "2 of 6, loses on 0",
        Verdict.HOLDS, 0.9, Interval(0.7, 1.0), (0.8, 1.0)),
    Row("2  another", "0 of 1, loses on 1", Verdict.FAILS, 0.1, Interval(0.0, 0.3), limit=1.1),
    Row("3  open", "0 of 1, loses on 0", Verdict.OPEN, 0.5, UNKNOWN),
    Row("4  nothing", "no evidence", Verdict.SILENT, math.nan, UNKNOWN),
]  # fmt: skip


def shapes(svg: bytes) -> int:
    return len(re.findall(rb"<use ", svg))


def test_a_forest_plot_is_the_same_each_time() -> None:
    assert forest.claims(ROWS) == forest.claims(ROWS)
    within = forest.span(ROWS)
    assert forest.ratios(ROWS, within) == forest.ratios(ROWS, within)


def test_a_claim_without_evidence_has_words_and_no_sign() -> None:
    assert shapes(forest.claims(ROWS[:3])) < shapes(forest.claims(ROWS))
    assert forest.claims([ROWS[3]])


def test_a_claim_with_evidence_on_some_of_its_parts_has_a_sign_of_its_own() -> None:
    partial = Row("5  in part", "1 of 2, loses on 0", Verdict.SILENT, 0.9, Interval(0.7, 1.0))
    assert shapes(forest.claims([*ROWS, partial])) > shapes(forest.claims(ROWS))
    looks = [(look["marker"], look["markerfacecolor"]) for look in VERDICTS.values()]
    assert len(set(looks)) == len(looks) == len(Verdict)
    assert not {marker for marker, _ in looks} & {"_", "|"}  # it would lie within the interval


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=5))
def test_the_axis_of_ratios_shows_all_of_them_and_one(values: list[float]) -> None:
    rows = [Row("", "", Verdict.OPEN, value, Interval(value / 2, math.inf)) for value in values]
    low, high = forest.span(rows)
    assert low < min(*values, 1.0)
    assert high > max(*values, 1.0)


@pytest.fixture(scope="module")
def owned() -> Ownership:
    asked = search(seeds=range(101, 115))
    trials = [
        trial(0, "dense", 2, 10, [0.5] * 14, asked),
        trial(1, "kronecker", 4, 100, [0.1] * 14, asked),
        trial(2, "dense", 8, 1000, [0.4] * 14, asked),
    ]
    found = ownership(Evidence.of([(asked, trials)]), np.ones(14))
    return found.grouped({"reservoirs": ["kronecker"], "dense": ["dense"], "others": []})


def test_the_winner_owns_the_largest_share_and_has_a_star_where_chance_is_excluded(
    owned: Ownership,
) -> None:
    shares = winner_map.shares_of(owned)
    assert sum(shares.values()) == pytest.approx(1)
    first = max(shares, key=lambda owner: shares[owner])
    assert winner_map.winner(owned) == f"{first} {shares[first]:.2f} {winner_map.CLEAR}"


def test_a_winner_map_has_a_cell_for_every_range_and_owner(owned: Ownership) -> None:
    owners = list(owned.families)
    nobody = owned.grouped({owner: [] for owner in owners})
    cells = {"toy": {"low": None, "whole": owned}, "flat": {"low": nobody, "whole": owned}}
    drawn = winner_map.draw(cells, owners)
    assert drawn == winner_map.draw(cells, owners)
    assert b"<pattern" in drawn  # an owner has a hatch beside its colour


def test_pictures_are_read_as_xml(owned: Ownership) -> None:
    for svg in (
        forest.claims(ROWS),
        forest.ratios(ROWS, forest.span(ROWS)),
        winner_map.draw({"toy": {"whole": owned}}, list(owned.families)),
    ):
        root = ElementTree.parse(io.BytesIO(svg)).getroot()
        assert root.tag.endswith("svg")
