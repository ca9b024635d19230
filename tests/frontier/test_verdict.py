"""Verdicts on plain cases and on pure noise, and evidence that must not be mixed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.judge import Body
from frontier_search.frontier.signs import seeds_for_power
from frontier_search.frontier.verdict import (
    SILENCE,
    Finding,
    Verdict,
    compare,
    corrected,
    judge_median,
    ratios,
    together,
)
from frontier_search.search.claim import Claims
from frontier_search.search.search import Search
from tests.support.evidence import DENSE, KRONECKER, SPEC, pair, search


def compared(first: Sequence[float], second: Sequence[float]) -> Finding:
    evidence = Evidence.of([pair(first, second)])
    return compare(
        evidence.matching(KRONECKER), evidence.matching(DENSE), "test_loss", (-math.inf, 1.0)
    )


def better(first: Sequence[float], second: Sequence[float]) -> Verdict:
    return compared(first, second).verdict


def test_a_difference_on_every_seed_is_found_although_the_seeds_spread_widely() -> None:
    spread = np.array([1.0, 5.0, 9.0, 13.0, 17.0, 21.0])
    above = spread + np.array([0.5, 0.6, 0.5, 0.4, 0.5, 0.5])
    assert better(list(spread), list(above)) is Verdict.HOLDS
    assert better(list(above), list(spread)) is Verdict.FAILS


def test_a_difference_within_the_noise_is_open_and_says_how_many_more_seeds_it_needs() -> None:
    found = compared([1.0, 2.0, 1.5, 1.2, 1.9], [1.1, 1.8, 1.7, 1.3, 1.7])
    assert found.verdict is Verdict.OPEN
    assert (found.agreeing, found.n_seeds) == (3, 5)
    assert found.more_seeds == seeds_for_power(3.5 / 6) - 5


def test_an_even_split_suggests_no_number_of_seeds() -> None:
    assert compared([1.0, 2.0], [2.0, 1.0]).more_seeds is None


def test_five_seeds_that_agree_are_too_few_and_say_so() -> None:
    found = compared([1.0] * 5, [2.0] * 5)
    assert found.verdict is Verdict.OPEN
    assert not found.interval.known
    assert found.p == pytest.approx(2 / 32)
    assert found.more_seeds is not None


def test_one_bad_seed_does_not_change_the_verdict_on_the_typical_one() -> None:
    """A ninth seed on which the better candidate fails moves the mean, and not the median."""
    found = compared([1.0] * 8 + [100.0], [2.0] * 9)
    assert found.verdict is Verdict.HOLDS
    assert found.estimate == 0.5


def test_a_band_holds_inside_both_limits_and_fails_beyond_one() -> None:
    inside, beyond = [1.05, 0.95] * 6, [1.5] * 12
    assert judge_median(np.array(inside), (0.9, 1.1)).verdict is Verdict.HOLDS
    assert judge_median(np.array(beyond), (0.9, 1.1)).verdict is Verdict.FAILS
    assert judge_median(np.array(beyond + inside), (0.9, 1.1)).verdict is Verdict.OPEN


def test_a_seed_exactly_at_the_limit_speaks_against_the_statement() -> None:
    assert judge_median(np.full(10, 0.5), (0.5, math.inf)).verdict is Verdict.FAILS


def test_ratios_of_losses_that_are_zero() -> None:
    assert list(ratios(np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 2.0]))) == [1, math.inf, 0]


def test_many_parts_of_noise_give_a_wrong_verdict_no_more_often_than_one() -> None:
    """A claim of four parts that are all just true fails in 9 % of tables without a correction."""
    rng = np.random.default_rng(2)
    wrong = [
        together(
            [found.verdict for found in corrected([judge_median(row, (-math.inf, 0)) for row in t])]
        )
        is not Verdict.OPEN
        for t in rng.standard_normal((500, 4, 20))
    ]
    assert np.mean(wrong) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 500)


def test_the_correction_leaves_out_parts_without_evidence_and_counts_the_others() -> None:
    clear = compared([1.0] * 8, [2.0] * 8)  # p = 2 / 256
    found = corrected([clear, SILENCE, clear])
    assert [each.corrected for each in found[::2]] == pytest.approx([4 / 256, 4 / 256])
    assert found[0].verdict is Verdict.HOLDS
    assert found[1].verdict is Verdict.SILENT
    many = corrected([clear] * 10)
    assert {each.verdict for each in many} == {Verdict.OPEN}
    assert {each.by_itself for each in many} == {Verdict.HOLDS}
    assert many[0].allowed == pytest.approx(0.005)


def test_pure_noise_is_called_a_difference_no_more_often_than_the_level_allows() -> None:
    rng = np.random.default_rng(1)
    decided = [
        better(list(np.exp(rng.standard_normal(10))), list(np.exp(rng.standard_normal(10))))
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
    assert {answer.verdict for answer in body.answers(table.claims)} == {Verdict.SILENT}


def test_searches_with_another_training_budget_are_refused() -> None:
    asked = search()
    other = Search.from_spec(SPEC | {"name": "long", "epochs": 50})
    with pytest.raises(ValueError, match="one dataset and one training budget"):
        Evidence.of([pair([1.0] * 5, [1.0] * 5, asked), pair([1.0] * 5, [1.0] * 5, other)])
