"""Holm's correction against its definition, and on tables in which nothing is true."""

from __future__ import annotations

import math

import numpy as np
import pytest

from frontier_search.frontier.correction import holm


def test_the_smallest_is_multiplied_by_the_number_of_parts_and_order_is_kept() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert len(holm([])) == 0


def test_parts_without_evidence_do_not_count() -> None:
    found = holm([0.01, math.nan, 0.02])
    assert found[[0, 2]] == pytest.approx([0.02, 0.02])
    assert math.isnan(found[1])


def test_a_table_of_dependent_parts_has_a_wrong_verdict_no_more_often_than_the_level_allows() -> (
    None
):
    rng = np.random.default_rng(0)
    p = rng.random((4000, 8))
    p[:, 1::2] = p[:, ::2]  # pairs of equal parts
    wrong = np.mean([(holm(row) <= 0.05).any() for row in p])
    assert wrong < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 4000)
