"""known_size on spaces and histories at the edge, and that it finds a front."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from frontier_search import Candidate, Choice, Float, Int, SearchSpace
from frontier_search.sampling.finished import Finished
from frontier_search.sampling.known_size import KnownSize
from frontier_search.sampling.neighbours import key
from frontier_search.sampling.start import EARLY

WIDTHS = SearchSpace(
    (
        ("hidden", Int(1, 256, log=True)),
        ("rate", Float(1e-4, 1e-1, log=True)),
        ("kind", Choice(("relu", "tanh"))),
        ("decay", Choice((0.0, 0.01, 0.1))),
        ("bias", Choice((True,))),
    )
)
DEEP = SearchSpace((("hidden", Int(1, 64)), ("layers", Int(1, 4)), ("rate", Float(1e-4, 1e-1))))
SPACES = {"wide": WIDTHS, "deep": DEEP}


def size(candidate: Candidate) -> tuple[float, ...]:
    values = candidate.hyperparameters
    return (10.0 * float(values.get("hidden", 1)) * float(values.get("layers", 1)),)


def loss(candidate: Candidate) -> float:
    values = candidate.hyperparameters
    rate = math.log10(float(values.get("rate", 0.01)))
    kind = 0.2 * (values.get("kind") == "tanh")
    return size(candidate)[0] ** -0.5 * (1 + (rate + 2.3) ** 2 + kind)


def play(
    trials: int,
    spaces: Mapping[str, SearchSpace] = SPACES,
    admits: Callable[[Candidate], bool] = lambda candidate: True,
    measured: Callable[[Candidate], float | None] = loss,
    balanced: bool = False,
    known: Callable[[Candidate], tuple[float, ...]] = size,
) -> list[Candidate]:
    """Plays cohorts of eight, one in flight, and returns the candidates."""
    sampler, families = KnownSize(spaces, known, admits, seed=1), list(spaces)
    finished: list[Finished] = []
    while len(finished) < trials:
        cohort: list[Candidate] = []
        for number in range(len(finished), min(len(finished) + 8, trials)):
            turn = families[number % len(families)] if balanced else ""
            found = sampler.propose(turn, finished, cohort)
            assert found is not None
            assert not turn or found.family == turn
            cohort.append(found)
        finished += [Finished(candidate, measured(candidate)) for candidate in cohort]
    return [trial.candidate for trial in finished]


def test_it_learns_what_random_draws_do_not() -> None:
    candidates = play(48)
    first, last = candidates[: EARLY.blind], candidates[-16:]
    excess = [np.mean([loss(c) * size(c)[0] ** 0.5 for c in group]) for group in (first, last)]
    assert excess[1] < 0.7 * excess[0]  # 1 is the front, at every size
    assert all(
        value in space[name]
        for c in candidates
        for name, value in c.hyperparameters.items()
        if (space := SPACES[c.family])
    )
    assert len({key(candidate) for candidate in candidates}) == 48


def test_a_proposal_does_not_depend_on_what_was_kept() -> None:
    finished = [Finished(candidate, loss(candidate)) for candidate in play(24)]
    kept = KnownSize(SPACES, size, lambda candidate: True, seed=5)
    cohort: list[Candidate] = []
    for _ in range(6):
        found = kept.propose("", finished, cohort)
        fresh = KnownSize(SPACES, size, lambda candidate: True, seed=5)
        assert fresh.propose("", finished, cohort) == found
        assert found is not None
        cohort.append(found)


@pytest.mark.parametrize("limit", [20, 200])
def test_a_bound_is_kept_however_tight(limit: float) -> None:
    candidates = play(32, admits=lambda candidate: size(candidate)[0] <= limit, balanced=True)
    assert all(size(candidate)[0] <= limit for candidate in candidates)


def test_bounds_that_nothing_keeps_give_no_candidate() -> None:
    sampler = KnownSize(SPACES, size, lambda candidate: False, seed=1)
    assert sampler.propose("", [], []) is None
    assert sampler.propose("deep", [], []) is None


def test_a_space_of_words_is_exhausted_before_anything_repeats() -> None:
    words = SearchSpace(
        (("a", Choice(tuple("pqrs"))), ("b", Choice((True, False))), ("c", Choice(("x", "y", "z"))))
    )
    candidates = play(30, {"words": words}, measured=lambda c: 1.0 + len(str(c.hyperparameters)))
    assert len({key(candidate) for candidate in candidates[:24]}) == 24
    assert len({key(candidate) for candidate in candidates}) == 24


def test_a_space_of_one_point_is_proposed_again() -> None:
    assert len(play(20, {"one": SearchSpace((("hidden", Choice((3,))),))})) == 20


@pytest.mark.parametrize(
    "measured",
    [
        lambda c: None if int(1e4 * loss(c)) % 3 else loss(c),
        lambda c: math.nan if int(1e4 * loss(c)) % 3 else loss(c),
        lambda c: math.inf if int(1e4 * loss(c)) % 3 else loss(c),
        lambda c: 0.0,
        lambda c: -loss(c),
        lambda c: 1.0,
        lambda c: None,
        lambda c: 1e300 * loss(c),
    ],
    ids=["failed", "nan", "infinite", "zero", "negative", "equal", "all failed", "huge"],
)
def test_any_loss_gives_a_next_proposal(measured: Callable[[Candidate], float | None]) -> None:
    assert len(play(40, measured=measured, balanced=True)) == 40


def test_a_stopped_trial_informs_and_is_on_no_front() -> None:
    candidates = play(24)
    complete = [Finished(candidate, loss(candidate)) for candidate in candidates]
    tiny = Candidate("deep", {"hidden": 1, "layers": 1, "rate": 0.005})
    proposals = []
    for last in (Finished(tiny, 1e-6, stopped=True), Finished(tiny, 1e-6)):
        found = KnownSize(SPACES, size, lambda c: True, seed=2).propose("", [*complete, last], [])
        assert found is not None
        proposals.append(found)
    assert proposals[0] != proposals[1]


def test_two_known_objectives_are_searched_by_boxes() -> None:
    def both(candidate: Candidate) -> tuple[float, ...]:
        return (*size(candidate), 1000.0 / float(candidate.hyperparameters["hidden"]))

    candidates = play(40, {"deep": DEEP}, known=both)
    assert len({key(candidate) for candidate in candidates}) == 40


def test_a_gain_counts_for_each_unit_of_its_cost() -> None:
    """A cost of 1 changes nothing; one that rises with the size leads to smaller candidates."""
    finished = [Finished(candidate, loss(candidate)) for candidate in play(24)]

    def proposed(**cost: Callable[[Candidate], float]) -> list[Candidate]:
        sampler, cohort = KnownSize(SPACES, size, lambda c: True, seed=5, **cost), list[Candidate]()
        for _ in range(8):
            found = sampler.propose("", finished, cohort)
            assert found is not None
            cohort.append(found)
        return cohort

    plain, weighed = proposed(), proposed(cost=lambda candidate: size(candidate)[0])
    assert proposed(cost=lambda candidate: 1.0) == plain
    sizes = [np.mean([size(candidate) for candidate in each]) for each in (weighed, plain)]
    assert sizes[0] < 0.5 * sizes[1]
    assert len({size(candidate) for candidate in weighed}) > 1


def test_the_chance_of_a_gain_falls_from_one() -> None:
    candidates = play(64)
    sampler = KnownSize(SPACES, size, lambda candidate: True, seed=1)
    chances = []
    for n in (8, 24, 56):
        finished = [Finished(candidate, loss(candidate)) for candidate in candidates[:n]]
        chances.append(sampler.chance(candidates[n : n + 8], finished, [], [""]))
        own = sampler.chance(candidates[n : n + 8], finished, candidates[n + 8 :], list(SPACES))
        assert 0 <= own <= 1
    assert chances[0] == 1.0
    assert chances[-1] < chances[1] + 1e-9
    front = [Finished(Candidate("deep", {"hidden": 1, "layers": 1, "rate": 0.005}), 1e-3)]
    finished = [*front, *(Finished(candidate, loss(candidate)) for candidate in candidates[:40])]
    assert sampler.chance(candidates[40:48], finished, [], [""]) < 0.5
