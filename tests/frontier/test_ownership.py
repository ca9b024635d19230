"""Families' shares of a frontier, in cases whose answer is plain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.ownership import LOW_END, WHOLE, Ownership, ownership
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
    assert owners.of(["dense", "kronecker"]).typical == pytest.approx(1)
    assert not owners.of(["dense"]).interval.known  # five seeds
    assert owners.by_lots(["kronecker"]) == 0.5
    grouped = owners.grouped({"both": ["dense", "kronecker"], "nobody": ["spline"]})
    assert grouped.of(["both"]).value == 1
    assert grouped.by_lots(["both"]) == 1
    assert grouped.of(["nobody"]).value == 0


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


def rivals(losses: np.ndarray[Any, Any], families: Sequence[str]) -> Ownership:
    """The owners among candidates with these losses, (n, S), two of each size."""
    asked = search(seeds=range(losses.shape[1]))
    trials = [
        trial(i, family, 2 + i, 10 * (1 + i // 2), list(row), asked)
        for i, (family, row) in enumerate(zip(families, losses, strict=True))
    ]
    return ownership(Evidence.of([(asked, trials)]), np.ones(losses.shape[1]))


def test_a_family_that_owns_more_on_every_seed_beats_the_other() -> None:
    rng = np.random.default_rng(0)
    losses = np.array([[0.5], [0.8], [0.3], [0.6]]) + 0.01 * rng.random((4, 12))
    owners = rivals(losses, ["kronecker", "dense"] * 2)
    assert owners.of(["kronecker"]).interval.low == 1
    assert owners.beaten() == {"dense": (), "kronecker": ("dense",)}


@pytest.mark.parametrize("n", [5, 6, 10, 20])
def test_of_two_equal_rivals_none_is_called_the_winner_more_often_than_the_level_allows(
    n: int,
) -> None:
    rng = np.random.default_rng(n)
    called = []
    for _ in range(300):
        noise = np.exp(rng.standard_normal((4, n)))  # skewed
        losses = 0.01 * noise + np.array([[0.5], [0.5], [0.3], [0.3]])
        found = rivals(losses, ["kronecker", "dense"] * 2)
        called.append(any(found.beaten().values()))
        share = found.of(["dense"]).interval
        called[-1] |= share.known and not share.low <= 0.5 <= share.high
    assert np.mean(called) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_a_contest_among_some_families_passes_over_the_others() -> None:
    asked = search()
    trials = [
        trial(0, "dense", 2, 100, [0.9] * 5, asked),
        trial(1, "kronecker", 2, 10, [0.5] * 5, asked),
        trial(2, "linear", 2, 10, [0.1] * 5, asked),
    ]
    evidence = Evidence.of([(asked, trials)])
    assert evidence.among(None) is evidence
    owners = ownership(evidence.among(["dense", "kronecker"]), np.ones(5))
    assert owners.of(["kronecker"]).value == 1
