"""Inference from a handful of seeds, against closed forms, simulations and cases whose answer is plain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from frontier_search.errors import SpecError
from frontier_search.frontier import membership
from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.interval import (
    Interval,
    percentile,
    resamples,
    seeds_to_exclude,
    student,
)
from frontier_search.frontier.judge import Body, narrow
from frontier_search.frontier.membership import chances
from frontier_search.frontier.ownership import LOW_END, WHOLE, ownership
from frontier_search.frontier.pareto import nondominated
from frontier_search.frontier.settling import CORRECTED, MAX_ROUNDS, further
from frontier_search.frontier.verdict import Verdict, compare, together
from frontier_search.search.claim import Claims
from frontier_search.search.search import Search
from frontier_search.trial import Candidate, Outcome, SeedOutcome, Trial, TrialState

SPEC: dict[str, Any] = {
    "dataset": "tests.support.toys:REGRESSION",
    "families": {"dense": None, "kronecker": None},
}
KRONECKER = {"family": "kronecker", "hidden": 4}
DENSE = {"family": "dense", "hidden": 4}


def search(name: str = "toy", seeds: Sequence[int] = (101, 202, 303, 404, 505)) -> Search:
    return Search.from_spec(SPEC | {"name": name, "seeds": list(seeds)})


def trial(
    number: int, family: str, hidden: int, params: int, losses: Sequence[float], asked: Search
) -> Trial:
    """A complete trial with one loss a seed, the same on validation and on test."""
    settings: dict[str, int | float | str] = {"hidden": hidden, "learning_rate": 0.01}
    if family == "kronecker":
        settings |= {"steps": 1, "spectral_radius": 0.9, "graph_noise": 0.0}
    seeds = [
        SeedOutcome(s, {"val_loss": v, "test_loss": v}, 1, 1, 0.0)
        for s, v in zip(asked.seeds, losses, strict=True)
    ]
    size = {"raw": params, "effective": params, "flops": 1, "bytes": 1}
    objectives = {"loss": float(np.mean(losses)), "params": float(params)}
    return Trial(
        number,
        f"toy/{number}",
        0,
        TrialState.COMPLETE,
        Candidate(family, settings),
        size,
        objectives,
        Outcome(tuple(seeds)),
    )


def pair(
    first: Sequence[float], second: Sequence[float], asked: Search | None = None
) -> tuple[Search, list[Trial]]:
    asked = asked or search(seeds=range(len(first)))
    return asked, [
        trial(0, "kronecker", 4, 30, first, asked),
        trial(1, "dense", 4, 40, second, asked),
    ]


# ---- intervals -----------------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(-100, 100), min_size=3, max_size=30).filter(
        lambda values: np.std(values) > 1e-3
    )
)
def test_the_interval_of_a_mean_is_scipys(values: list[float]) -> None:
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    found = student(values)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6, abs=1e-9)


def test_one_seed_excludes_nothing() -> None:
    found = student([1.0])
    assert not found.known
    assert 17.0 in found


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = [0.0 in student(rng.standard_normal(5)) for _ in range(2000)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)  # three standard errors


def test_resampled_seeds_sum_to_one_and_repeat() -> None:
    weights = resamples(7, 50)
    assert weights.shape == (50, 7)
    assert weights.sum(axis=1) == pytest.approx(np.ones(50))
    assert np.array_equal(weights, resamples(7, 50))
    assert percentile([math.nan]).known is False


@given(st.floats(0.01, 5), st.floats(0.01, 5))
def test_the_seeds_that_would_settle_it_do_and_one_fewer_do_not(
    gap: float, deviation: float
) -> None:
    n = seeds_to_exclude(gap, deviation, 0.0)
    if n is None:
        return
    halves = {m: stats.t.ppf(0.975, m - 1) * deviation / math.sqrt(m) for m in (n, n - 1) if m > 1}
    assert halves[n] <= gap * (1 + 1e-9)
    assert n == 2 or halves[n - 1] >= gap * (1 - 1e-9)


# ---- membership and owners -----------------------------------------------------------------------------------------------------------


def test_chances_are_sure_where_every_seed_agrees_and_shared_where_they_do_not() -> None:
    losses = np.array([[1.0, 1.0], [2.0, 2.0], [0.5, 1.5]])
    params = np.array([10.0, 20.0, 10.0])
    points = np.stack([losses, np.repeat(params[:, None], 2, axis=1)], axis=-1)
    first, second, third = chances(points)
    assert second == 0  # the first is smaller and better on every seed
    assert 0 < third < 1
    assert first > 0


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(1, 4), st.integers(2, 3))
def test_chances_count_the_resamples_in_which_nothing_dominates(
    seed: int, n: int, seeds: int, objectives: int
) -> None:
    points = (
        np.random.default_rng(seed).integers(0, 4, (n, seeds, objectives)).astype(float)
    )  # small integers: ties are frequent
    points[..., -1] = points[:, :1, -1]  # a count
    means = [np.einsum("s,nsk->nk", weights, points) for weights in resamples(seeds, 200)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(membership, "resamples", lambda n_seeds: resamples(n_seeds, 200))
        found = chances(points)
    rounded = [nondominated(np.round(each, 9)) for each in means]
    unrounded = [nondominated(each) for each in means]
    assert ((found == np.mean(rounded, axis=0)) | (found == np.mean(unrounded, axis=0))).all()


def test_an_owner_of_everything_owns_all_and_shares_sum_to_one() -> None:
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
    """Members at 10 and 100 parameters, the range ends at 1,000: one decade each, with gains of 0.5 and 0.9."""
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


# ---- verdicts ------------------------------------------------------------------------------------------------------------------------


def better(first: Sequence[float], second: Sequence[float]) -> Verdict:
    evidence = Evidence.of([pair(first, second)])
    return compare(
        evidence.matching(KRONECKER), evidence.matching(DENSE), "test_loss", (-math.inf, 0.0)
    ).verdict


def test_a_difference_that_every_seed_shows_is_told_though_the_seeds_spread_widely() -> None:
    spread = np.array([1.0, 5.0, 9.0, 13.0, 17.0])
    above = spread + np.array([0.5, 0.6, 0.5, 0.4, 0.5])
    assert better(list(spread), list(above)) is Verdict.HOLDS
    assert better(list(above), list(spread)) is Verdict.FAILS


def test_a_difference_within_the_noise_cannot_be_told_and_says_how_many_more_seeds_would() -> None:
    evidence = Evidence.of([pair([1.0, 2.0, 1.5, 1.2, 1.9], [1.1, 1.8, 1.7, 1.3, 1.7])])
    found = compare(
        evidence.matching(KRONECKER), evidence.matching(DENSE), "test_loss", (-math.inf, 0.0)
    )
    assert found.verdict is Verdict.OPEN
    assert found.more_seeds is None or found.more_seeds > 0


def test_pure_noise_is_called_a_difference_no_more_often_than_the_level_allows() -> None:
    rng = np.random.default_rng(1)
    told = [
        better(list(1 + rng.standard_normal(5)), list(1 + rng.standard_normal(5)))
        is not Verdict.OPEN
        for _ in range(400)
    ]
    assert np.mean(told) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_a_claim_holds_when_all_parts_do() -> None:
    assert together([Verdict.HOLDS, Verdict.HOLDS]) is Verdict.HOLDS
    assert together([Verdict.HOLDS, Verdict.OPEN]) is Verdict.OPEN
    assert together([Verdict.OPEN, Verdict.FAILS, Verdict.SILENT]) is Verdict.FAILS


def test_nothing_that_was_searched_is_no_evidence() -> None:
    assert (
        Evidence.of([pair([1.0, 2.0], [1.0, 2.0])])
        .matching({"family": "dense", "hidden": 64})
        .candidates
        == ()
    )
    body = Body([pair([1.0, 2.0], [1.0, 2.0])])
    table = Claims.read("published")
    assert {body.answer(claim).verdict for claim in table.claims} == {Verdict.SILENT}


# ---- claims and more seeds -----------------------------------------------------------------------------------------------------------

TABLE: dict[str, Any] = {
    "claims": [
        {
            "claim": "kronecker is better",
            "parts": [{"dataset": SPEC["dataset"], "better": KRONECKER, "than": DENSE}],
        }
    ],
}


def test_the_published_table_has_the_twelve_claims() -> None:
    table = Claims.read("published")
    assert [claim.number for claim in table.claims] == list(range(1, 13))
    assert all(part.words() for claim in table.claims for part in claim.parts)


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ({"dataset": "iris"}, "needs `dataset: NAME` and one of better,"),
        ({"better": DENSE, "than": DENSE}, "needs `dataset: NAME`"),
        ({"dataset": "iris", "better": DENSE}, "(better) needs `than`"),
        ({"dataset": "iris", "owner": "dense", "within": 1}, "(owner): unknown key 'within'"),
        (
            {"dataset": 5, "owner": "dense"},
            "(owner): dataset = 5; a name or a list of names is needed.",
        ),
        (
            {"dataset": "iris", "owner": 5},
            "(owner): owner = 5; a family, a group or a list of them is needed.",
        ),
        ({"dataset": "iris", "owner": []}, "(owner): owner = []; a family"),
        (
            {"dataset": "iris", "owner": "dense", "to": "many"},
            "(owner): to = 'many'; a number is needed.",
        ),
        (
            {"dataset": "iris", "owner": "dense", "measure": "points"},
            "measure = 'points'; one of volume, members is needed.",
        ),
        (
            {"dataset": "iris", "better": "dense", "than": DENSE},
            "(better): better = 'dense'; a candidate's pattern such as",
        ),
        (
            {"dataset": "iris", "equal": DENSE, "to": "dense", "within": 0.1},
            "(equal): to = 'dense'; a candidate's pattern",
        ),
        (
            {"dataset": "iris", "equal": DENSE, "to": DENSE, "within": "lots"},
            "(equal): within = 'lots'; a number is needed.",
        ),
        (
            {"dataset": "iris", "reach": "x", "by": DENSE, "metric": "val_loss", "within": 1},
            "(reach): reach = 'x'; a number is needed.",
        ),
        (
            {"dataset": "iris", "reach": 1, "by": DENSE, "metric": "test_los", "within": 1},
            "metric = 'test_los'; one of train_loss,",
        ),
    ],
)
def test_mistakes_in_a_claim_are_sentences(part: dict[str, Any], problem: str) -> None:
    with pytest.raises(SpecError) as error:
        Claims.from_spec({"claims": [{"claim": "a", "parts": [part]}]})
    assert problem in str(error.value)


@pytest.mark.parametrize("groups", [["dense"], {"small": "dense"}, {"small": [5]}])
def test_groups_are_lists_of_families_by_name(groups: Any) -> None:
    with pytest.raises(SpecError, match="a mapping from names to lists of families is needed"):
        Claims.from_spec(
            {
                "groups": groups,
                "claims": [{"claim": "a", "parts": [{"dataset": "iris", "owner": "small"}]}],
            }
        )


def test_a_claim_without_parts_could_not_be_told_from_one_that_holds() -> None:
    with pytest.raises(SpecError, match="a list `parts` of one or more"):
        Claims.from_spec({"claims": [{"claim": "a", "parts": []}]})


def test_a_part_on_several_datasets_is_a_part_on_each_unless_it_speaks_of_all_together() -> None:
    better = {"dataset": ["sine", "iris"], "better": KRONECKER, "than": DENSE}
    stronger = {"dataset": ["sine", "iris"], "stronger": "kronecker", "to": 100}
    (claim,) = Claims.from_spec({"claims": [{"claim": "a", "parts": [better, stronger]}]}).claims
    assert [part.datasets for part in claim.parts] == [("sine",), ("iris",), ("sine", "iris")]
    assert claim.parts[0].words() == "sine: kronecker (hidden 4) better than dense (hidden 4)"


def noisy(asked: Search, rng: np.random.Generator) -> tuple[Search, list[Trial]]:
    first: NDArray[np.float64] = 1 + 0.1 * rng.standard_normal(len(asked.seeds))
    second = first + 0.03 + 0.05 * rng.standard_normal(len(asked.seeds))
    return pair(list(first), list(second), asked)


def test_more_seeds_go_to_the_candidates_that_decide_and_are_new_each_time() -> None:
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
        assert {candidate.family for candidate in more[0].candidates} == {"kronecker", "dense"}
        group.append(noisy(more[0], rng))
    assert len(group) > 1
    assert further(claims, {"toy": group}, MAX_ROUNDS) == []
    found = Body(group).judge(claims.claims[0].parts[0], CORRECTED)
    assert found.n_seeds == sum(len(asked.seeds) for asked, _ in group)
    assert found.interval.level == pytest.approx(0.9875)


def test_what_had_no_chance_stays_behind_when_the_others_get_more_seeds() -> None:
    asked, later = search(), search("more", seeds=(1, 2, 3))
    hopeless = trial(2, "dense", 64, 900, [9.0] * 5, asked)
    base = pair([1.0, 1.1, 0.9, 1.0, 1.0], [0.8, 0.9, 0.8, 0.9, 0.8], asked)
    evidence = Evidence.of([(asked, [*base[1], hopeless]), pair([1.0] * 3, [0.8] * 3, later)])
    narrowed, rivals = narrow(evidence)
    assert len(narrowed.seeds) == 8
    assert {candidate.hyperparameters["hidden"] for candidate in rivals} == {4}


def test_searches_of_another_budget_are_not_mixed() -> None:
    asked = search()
    other = Search.from_spec(SPEC | {"name": "long", "epochs": 50})
    with pytest.raises(ValueError, match="one dataset and one training budget"):
        Evidence.of([pair([1.0] * 5, [1.0] * 5, asked), pair([1.0] * 5, [1.0] * 5, other)])
    assert Interval(0, 1).half_width == 0.5
