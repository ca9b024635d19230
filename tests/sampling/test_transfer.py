"""How far earlier outcomes are believed, and that they are left out when they mislead."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from frontier_search import Candidate, Choice, Float, SearchSpace
from frontier_search.sampling.design import Rows
from frontier_search.sampling.earlier import Earlier
from frontier_search.sampling.finished import Finished, Fronts, Past, Told
from frontier_search.sampling.known_size import KnownSize
from frontier_search.sampling.start import EARLY, LATE
from frontier_search.sampling.transfer import JUDGED, Transfer

SPACES = {
    name: SearchSpace((("hidden", Choice((2, 4, 8, 16, 32))), ("rate", Float(1e-3, 0.1, log=True))))
    for name in ("one", "other")
}


def size(candidate: Candidate) -> tuple[float, ...]:
    return (float(candidate.hyperparameters["hidden"]),)


def loss(candidate: Candidate) -> float:
    rate = math.log10(float(candidate.hyperparameters["rate"]))
    return size(candidate)[0] ** -0.5 * (1 + (rate + 2.3) ** 2)


def candidates(n: int, seed: int) -> list[Candidate]:
    rng = np.random.default_rng(seed)
    return [Candidate(name, SPACES[name].sample(rng)) for name in ("one", "other") * (n // 2)]


def earlier(of: Callable[[float], float] = lambda y: y, by_rank: bool = False) -> Earlier:
    drawn = candidates(60, 1)
    return Earlier(drawn, [of(loss(candidate)) for candidate in drawn], by_rank)


def admit(candidate: Candidate) -> bool:
    return True


def sampler(*warm: Earlier) -> KnownSize:
    return KnownSize(SPACES, size, admit, 3, warm)


def past(finished: list[Finished]) -> Past:
    seen = Past(Rows(SPACES, size, admit), EARLY)
    seen.see(finished)
    return seen


def told(warm: Earlier, finished: list[Finished]) -> Told:
    rows = Rows(SPACES, size, admit)
    return past(finished).told(len(finished), [Transfer(warm, rows)])


def first(*warm: Earlier, n: int = 16) -> list[Candidate]:
    """Returns the first candidates, proposed one after another before any outcome."""
    proposed: list[Candidate] = []
    known_size = sampler(*warm)
    while len(proposed) < n:
        found = known_size.propose("", [], proposed)
        assert found is not None
        proposed.append(found)
    return proposed


def excess(proposed: list[Candidate]) -> float:
    """Returns how far candidates lie above the front, where it is 1 at every size."""
    return float(np.mean([loss(each) * size(each)[0] ** 0.5 for each in proposed]))


def test_a_friendly_warm_start_is_ahead_before_any_outcome() -> None:
    """Every fourth one is proposed by it: on the front, at several sizes, and of each family."""
    for warm in (earlier(), earlier(lambda y: y**3, by_rank=True)):
        proposed, model = first(warm), sampler(warm)._models
        informed = [each for number, each in enumerate(proposed) if model(number)]
        assert len(informed) == 4
        assert excess(informed) < 1.2 < excess(first())
        assert len({size(each) for each in informed}) > 1
    with_turns = [sampler(earlier())._models(number) for number in range(4)]
    assert with_turns == [True, False, False, True]


def test_of_another_data_set_only_the_order_counts() -> None:
    """Ranks are believed alike, but for the spread of the losses before there are own ones."""
    finished = [Finished(each, loss(each)) for each in candidates(12, 7)]
    proposals = [
        sampler(earlier(of, by_rank=True)).propose("", finished, candidates(n, 2))
        for of in (lambda y: y, lambda y: 1e6 * y)
        for n in range(0, 8, 2)
    ]
    assert proposals[:4] == proposals[4:]


@pytest.mark.parametrize("by_rank", [True, False])
def test_a_reversed_data_set_is_ignored(by_rank: bool) -> None:
    misleading = earlier(lambda y: 1 / y, by_rank)
    finished = [Finished(each, loss(each)) for each in candidates(LATE.blind + 8, 7)]
    assert sampler(misleading).propose("", finished, []) == sampler().propose("", finished, [])
    assert len(told(misleading, finished).earlier) == 0
    assert len(told(earlier(by_rank=by_rank), finished).earlier) == 60


@pytest.mark.parametrize("by_rank", [True, False])
def test_agreement_is_believed_more_than_noise(by_rank: bool) -> None:
    rows, rng = Rows(SPACES, size, admit), np.random.default_rng(0)
    own = candidates(30, 7)
    x, family, _ = rows.of(own)
    losses = np.log10([loss(each) for each in own])
    noises = []
    for spread in (0.0, 0.5):
        warm = earlier(lambda y, s=spread: y * 10 ** (s * rng.standard_normal()), by_rank)
        found = Transfer(warm, rows).observations(x, family, losses)
        assert found is not None
        noises.append(float(found.noise.mean()))
        if not spread:  # the same function: values are those of the new search
            expected = np.log10([loss(each) for each in warm.candidates])
            assert np.abs(found.y - expected).mean() < 0.15
    assert noises[0] < noises[1]
    few = Transfer(earlier(), rows).observations(
        x[: JUDGED - 1], family[: JUDGED - 1], losses[: JUDGED - 1]
    )
    assert few is not None  # too few to judge


def test_another_offset_is_found() -> None:
    rows, own = Rows(SPACES, size, admit), candidates(30, 7)
    x, family, _ = rows.of(own)
    warm = earlier(lambda y: 10 * y)
    found = Transfer(warm, rows).observations(x, family, np.log10([loss(c) for c in own]))
    assert found is not None
    assert np.abs(found.y + 1 - np.log10(warm.losses)).mean() < 0.1


def test_earlier_outcomes_are_on_no_front() -> None:
    finished = [Finished(each, loss(each)) for each in candidates(20, 7)]
    known, losses = Fronts(past(finished), told(earlier(), finished)).points(
        "", np.zeros((0, 1)), np.zeros(0)
    )
    own = {(*size(trial.candidate), round(loss(trial.candidate), 9)) for trial in finished}
    assert len(losses) > 0
    assert {
        (round(10**s), round(10**y, 9)) for s, y in zip(known[:, 0], losses, strict=True)
    } <= own


def test_one_outcome_and_equal_outcomes_are_no_trouble() -> None:
    drawn = candidates(6, 1)
    for warm in (Earlier(drawn[:1], [0.5], True), Earlier(drawn, [0.5] * 6, False)):
        assert len(first(warm, n=4)) == 4
        finished = [Finished(each, loss(each)) for each in candidates(20, 7)]
        assert sampler(warm).propose("", finished, []) is not None
