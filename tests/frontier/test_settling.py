"""More seeds go to the candidates that decide, and only to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.judge import Body, narrow
from frontier_search.frontier.settling import CORRECTED, MAX_ROUNDS, further
from frontier_search.search.claim import Claims
from frontier_search.search.search import Search
from frontier_search.trial import Trial
from tests.support.evidence import DENSE, KRONECKER, SPEC, pair, search, trial

TABLE: dict[str, Any] = {
    "claims": [
        {
            "claim": "kronecker is better",
            "parts": [{"dataset": SPEC["dataset"], "better": KRONECKER, "than": DENSE}],
        }
    ],
}


def noisy(asked: Search, rng: np.random.Generator) -> tuple[Search, list[Trial]]:
    first: NDArray[np.float64] = 1 + 0.1 * rng.standard_normal(len(asked.seeds))
    second = first + 0.03 + 0.05 * rng.standard_normal(len(asked.seeds))
    return pair(list(first), list(second), asked)


def test_candidates_that_decide_get_new_seeds_in_every_round() -> None:
    claims, rng = Claims.from_spec(TABLE), np.random.default_rng(3)
    group = [noisy(search(), rng)]
    for judged in range(1, MAX_ROUNDS):
        more = further(claims, {"toy": group}, judged)
        if not more:
            break
        assert [each.name for each in more] == [f"toy-more-{judged}"]
        before = {seed for asked, _ in group for seed in asked.seeds}
        assert set(more[0].seeds).isdisjoint(before)
        assert len(more[0].seeds) == len(before)
        assert more[0].race is None
        assert {candidate.family for candidate in more[0].candidates} == {"kronecker", "dense"}
        group.append(noisy(more[0], rng))
    assert len(group) > 1
    assert further(claims, {"toy": group}, MAX_ROUNDS) == []
    found = Body(group).judge(claims.claims[0].parts[0], CORRECTED)
    assert found.n_seeds == sum(len(asked.seeds) for asked, _ in group)
    assert found.interval.level == pytest.approx(0.9875)


def test_more_seeds_neither_race_nor_end_early() -> None:
    claims, rng = Claims.from_spec(TABLE), np.random.default_rng(3)
    asked = Search.from_spec(SPEC | {"name": "toy", "seeds": 5, "race": 0.3, "until": "settled"})
    (more,) = further(claims, {"toy": [noisy(asked, rng)]}, 1)
    assert (asked.race, asked.until) == (0.3, "settled")
    assert (more.race, more.until) == (None, None)


def test_candidates_without_a_chance_do_not_limit_the_seeds_of_the_others() -> None:
    asked, later = search(), search("more", seeds=(1, 2, 3))
    hopeless = trial(2, "dense", 64, 900, [9.0] * 5, asked)
    base = pair([1.0, 1.1, 0.9, 1.0, 1.0], [0.8, 0.9, 0.8, 0.9, 0.8], asked)
    evidence = Evidence.of([(asked, [*base[1], hopeless]), pair([1.0] * 3, [0.8] * 3, later)])
    narrowed, rivals = narrow(evidence)
    assert len(narrowed.seeds) == 8
    assert {candidate.hyperparameters["hidden"] for candidate in rivals} == {4}


def test_a_candidate_that_was_on_the_frontier_of_one_seed_gets_more_seeds() -> None:
    asked = search()
    once = trial(2, "dense", 64, 900, [2.0, 2.1, 0.1, 2.0, 2.1], asked)
    base = pair([1.0, 1.1, 0.9, 1.0, 1.0], [0.8, 0.9, 0.8, 0.9, 0.8], asked)
    _, rivals = narrow(Evidence.of([(asked, [*base[1], once])]))
    assert 64 in {candidate.hyperparameters["hidden"] for candidate in rivals}
