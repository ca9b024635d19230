"""Families' shares of a frontier, in cases whose answer is plain."""

from __future__ import annotations

import numpy as np
import pytest

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.ownership import LOW_END, WHOLE, ownership
from tests.support.evidence import search, trial


def test_the_only_family_on_the_frontier_owns_all_and_shares_sum_to_one() -> None:
    asked = search()
    worse = [trial(0, "dense", 2, 20, [0.9] * 5, asked), trial(1, "dense", 4, 40, [0.8] * 5, asked)]
    better = [
        trial(2, "kronecker", 2, 10, [0.5] * 5, asked),
        trial(3, "kronecker", 4, 30, [0.2] * 5, asked),
    ]
    evidence = Evidence.of([(asked, worse + better)])
    owners = ownership(evidence, np.ones(5))
    assert owners.of(["kronecker"]).value == 1
    assert owners.of(["dense"]).value == 0
    assert owners.of(["dense", "kronecker"]).interval.low == pytest.approx(1)
    assert owners.between(["kronecker"], ["dense"]).value == 1


def test_shares_of_the_hypervolume_are_its_columns() -> None:
    """Members at 10 and 100 parameters, in a range to 1,000: one decade each, gains 0.5 and 0.9."""
    asked = search()
    trials = [
        trial(0, "dense", 2, 10, [0.5] * 5, asked),
        trial(1, "kronecker", 4, 100, [0.1] * 5, asked),
        trial(2, "dense", 8, 1000, [0.4] * 5, asked),
    ]
    evidence = Evidence.of([(asked, trials)])
    assert ownership(evidence, np.ones(5), WHOLE).of(["kronecker"]).value == pytest.approx(
        0.9 / 1.4
    )
    assert ownership(evidence, np.ones(5), LOW_END).of(["kronecker"]).value == pytest.approx(0)
    assert ownership(evidence, np.ones(5)).of(["dense"], "members").value == pytest.approx(0.5)
