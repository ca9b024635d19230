"""Verdicts on plain cases and on pure noise, and evidence that must not be mixed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.judge import Body
from frontier_search.frontier.verdict import Verdict, compare, together
from frontier_search.search.claim import Claims
from frontier_search.search.search import Search
from tests.support.evidence import DENSE, KRONECKER, SPEC, pair, search


def better(first: Sequence[float], second: Sequence[float]) -> Verdict:
    evidence = Evidence.of([pair(first, second)])
    return compare(
        evidence.matching(KRONECKER), evidence.matching(DENSE), "test_loss", (-math.inf, 0.0)
    ).verdict


def test_a_difference_on_every_seed_is_found_although_the_seeds_spread_widely() -> None:
    spread = np.array([1.0, 5.0, 9.0, 13.0, 17.0])
    above = spread + np.array([0.5, 0.6, 0.5, 0.4, 0.5])
    assert better(list(spread), list(above)) is Verdict.HOLDS
    assert better(list(above), list(spread)) is Verdict.FAILS


def test_a_difference_within_the_noise_is_open_and_says_how_many_more_seeds_it_needs() -> None:
    evidence = Evidence.of([pair([1.0, 2.0, 1.5, 1.2, 1.9], [1.1, 1.8, 1.7, 1.3, 1.7])])
    found = compare(
        evidence.matching(KRONECKER), evidence.matching(DENSE), "test_loss", (-math.inf, 0.0)
    )
    assert found.verdict is Verdict.OPEN
    assert found.more_seeds is None or found.more_seeds > 0


def test_pure_noise_is_called_a_difference_no_more_often_than_the_level_allows() -> None:
    rng = np.random.default_rng(1)
    decided = [
        better(list(1 + rng.standard_normal(5)), list(1 + rng.standard_normal(5)))
        is not Verdict.OPEN
        for _ in range(400)
    ]
    assert np.mean(decided) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_a_claim_holds_when_all_parts_do() -> None:
    assert together([Verdict.HOLDS, Verdict.HOLDS]) is Verdict.HOLDS
    assert together([Verdict.HOLDS, Verdict.OPEN]) is Verdict.OPEN
    assert together([Verdict.OPEN, Verdict.FAILS, Verdict.SILENT]) is Verdict.FAILS


def test_a_claim_about_candidates_that_no_search_trained_has_no_evidence() -> None:
    assert (
        Evidence.of([pair([1.0, 2.0], [1.0, 2.0])])
        .matching({"family": "dense", "hidden": 64})
        .candidates
        == ()
    )
    body = Body([pair([1.0, 2.0], [1.0, 2.0])])
    table = Claims.read("published")
    assert {body.answer(claim).verdict for claim in table.claims} == {Verdict.SILENT}


def test_searches_with_another_training_budget_are_refused() -> None:
    asked = search()
    other = Search.from_spec(SPEC | {"name": "long", "epochs": 50})
    with pytest.raises(ValueError, match="one dataset and one training budget"):
        Evidence.of([pair([1.0] * 5, [1.0] * 5, asked), pair([1.0] * 5, [1.0] * 5, other)])
