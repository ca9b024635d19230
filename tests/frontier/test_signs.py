"""The sign test and its interval, against counting, simulations and cases whose answer is plain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from frontier_search.frontier.signs import (
    chance_of_agreement,
    critical_count,
    fewest_seeds,
    seeds_for_power,
    share_that_agrees,
    typical,
)


@given(st.integers(1, 300), st.sampled_from([0.8, 0.95, 0.9875, 1 - 0.05 / 34, 0.99999]))
def test_the_critical_count_is_the_smallest_that_is_rare_enough(n: int, level: float) -> None:
    counts = np.arange(1, n + 1)
    rare = 2 * stats.binom.sf(counts - 1, n, 0.5) <= 1 - level
    assert critical_count(n, level) == (counts[rare][0] if rare.any() else n + 1)


@given(st.integers(1, 40), st.data())
def test_the_chance_of_agreement_is_a_tail_of_the_binomial(n: int, data: st.DataObject) -> None:
    agreeing = data.draw(st.integers(0, n))
    assert chance_of_agreement(agreeing, n) == pytest.approx(
        stats.binom.sf(agreeing - 1, n, 0.5), abs=1e-12
    )


@given(st.integers(1, 40), st.sampled_from([0.8, 0.95, 0.9875]), st.data())
def test_the_share_that_agrees_excludes_one_half_exactly_when_the_sign_test_does(
    n: int, level: float, data: st.DataObject
) -> None:
    agreeing = data.draw(st.integers(0, n))
    interval = share_that_agrees(agreeing, n, level)
    rare = 2 * chance_of_agreement(max(agreeing, n - agreeing), n) <= 1 - level
    assert (0.5 not in interval) == rare
    assert 0 <= interval.low <= agreeing / n <= interval.high <= 1


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30), st.integers(-3, 3))
def test_the_interval_excludes_a_value_exactly_when_the_sign_test_does(
    values: list[int], limit: int
) -> None:
    found, n = typical(values), len(values)
    below, above = (sum(sign * v > sign * limit for v in values) for sign in (-1, 1))
    excluded = found.known and not found.low <= limit <= found.high
    assert excluded == (2 * chance_of_agreement(max(below, above), n) <= 1 - found.level)


def test_five_seeds_tell_nothing_at_95_percent_and_six_do() -> None:
    assert fewest_seeds() == 6
    assert not typical(range(5)).known
    assert (typical(range(6)).low, typical(range(6)).high) == (0, 5)
    assert fewest_seeds(1 - 0.05 / 34) == 11


@pytest.mark.parametrize("n", [6, 10, 20])
def test_the_interval_covers_the_median_of_skewed_values_and_of_bad_seeds(n: int) -> None:
    rng = np.random.default_rng(0)
    skewed = np.exp(2 * rng.standard_normal((2000, n)))
    bad = rng.standard_normal((2000, n)) + 100 * (rng.random((2000, n)) < 0.05)
    centre = float(stats.norm.ppf(0.5 / 0.95))  # of the mixture; bad seeds are above everything
    for draws, median in ((skewed, 1.0), (bad, centre)):
        found = [typical(draw) for draw in draws]
        missed = np.mean([not each.low <= median <= each.high for each in found])
        assert missed < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


@given(st.floats(0.55, 0.999))
def test_the_suggested_number_of_seeds_has_the_power_and_one_fewer_does_not(share: float) -> None:
    n = seeds_for_power(share)
    assert n is not None

    def power(seeds: int) -> float:
        return float(stats.binom.sf(critical_count(seeds) - 1, seeds, share))

    assert power(n) >= 0.8 > power(n - 1)


def test_no_number_of_seeds_is_suggested_for_an_even_split() -> None:
    assert seeds_for_power(0.5) is None
    assert seeds_for_power(0.501) is None
