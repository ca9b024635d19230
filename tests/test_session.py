"""What a session refuses, how it judges outcomes, when it stops, and what it restores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.errors import SearchError
from frontier_search.frontier.hypervolume import Hypervolume
from frontier_search.objective import OBJECTIVES
from frontier_search.search import time_budget
from frontier_search.search.cohort_size import cohort_size
from frontier_search.search.judging import judge
from frontier_search.search.search import Search
from frontier_search.search.sizes import Sizes
from frontier_search.session import HOPELESS_TRIALS, Session
from frontier_search.storage.storage import JOURNAL, open_storage
from frontier_search.trial import Candidate, Cohort, Outcome, SeedOutcome, Trial, TrialState
from tests.support import fakes, toys


class Clock:
    """A clock that stands still until a test moves it."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    still = Clock()
    monkeypatch.setattr(time_budget, "time", still)
    return still


@pytest.fixture
def open_session(tmp_path: Path) -> Callable[..., Session]:
    """Returns a function that opens a session of a toy search, on the same storage each time."""

    def opened(search: Search | None = None, **changes: Any) -> Session:
        return Session(
            search or toys.search(**changes), open_storage(JOURNAL, tmp_path, writable=True)
        )

    return opened


def ask(session: Session) -> Cohort:
    cohort = session.ask()
    assert cohort is not None
    return cohort


def fail(cohort: Cohort, reason: str = "broken") -> list[Outcome]:
    return [Outcome((), reason)] * len(cohort.numbers)


# ---- ask and tell --------------------------------------------------------------------------------


def test_asked_trials_are_numbered_named_counted_and_running_in_the_storage(
    open_session: Callable[..., Session],
) -> None:
    live = open_session()
    cohort = ask(live)
    assert cohort == Cohort(0, (0, 1, 2, 3), tuple(trial.candidate for trial in live.trials))
    for trial in open_session().trials:
        assert trial.uid == f"toy-1/{trial.number}"
        assert (trial.state, trial.cohort, trial.outcome, trial.objectives) == (
            TrialState.RUNNING,
            0,
            None,
            {},
        )
        assert trial.size == live.search.size(trial.candidate)
        assert trial.started_at is not None
        assert trial.finished_at is None


def test_at_most_in_flight_cohorts_are_in_training(
    open_session: Callable[..., Session],
) -> None:
    live = open_session(in_flight=2, cohort=3, trials=12)
    first, second = ask(live), ask(live)
    assert live.ask() is None
    live.tell(second, fakes.train_all(live, second))
    assert live.ask() is None  # the third is proposed from the outcomes of the first
    live.tell(first, fakes.train_all(live, first))
    assert [ask(live).index, ask(live).index] == [2, 3]
    assert live.ask() is None


def test_the_last_cohort_has_the_trials_that_the_budget_leaves(
    open_session: Callable[..., Session],
) -> None:
    live = open_session(trials=10, cohort=4, in_flight=9)
    assert [len(cohort.numbers) for cohort in fakes.ask_all(live)] == [4, 4, 2]
    assert not live.finished
    fakes.play(again := open_session(trials=10, cohort=4, in_flight=9))
    assert again.finished
    assert again.ask() is None


def test_known_size_begins_with_small_cohorts_since_edition_5(
    open_session: Callable[..., Session],
) -> None:
    asked = {"sampler": "known_size", "trials": 60, "cohort": 8, "in_flight": 40, "name": "one"}
    sizes = [len(cohort.numbers) for cohort in fakes.ask_all(open_session(**asked))]
    assert sizes == [2] * 24 + [8, 4]
    before = open_session(**asked | {"edition": 4, "name": "two"})
    assert [len(cohort.numbers) for cohort in fakes.ask_all(before)] == [8] * 7 + [4]
    assert before.search.fingerprint() != open_session(**asked).search.fingerprint()


def test_known_size_weighs_costs_since_edition_6() -> None:
    spec = {"name": "one", "dataset": "iris", "families": ["dense"], "families_budget": "free"}
    now, before = Search.from_spec(spec), Search.from_spec(spec | {"edition": 5})
    with_turns = Search.from_spec(spec | {"families_budget": "balanced"})
    candidates = [
        Candidate("dense", {"hidden": hidden, "learning_rate": 0.01}) for hidden in (4, 64)
    ]
    costs = [Sizes(now).cost(candidate) for candidate in candidates]
    flops = [now.size(candidate)["flops"] for candidate in candidates]
    assert costs[1] - costs[0] == flops[1] - flops[0]
    assert costs[0] > flops[0]
    for search in (before, with_turns):
        assert [Sizes(search).cost(candidate) for candidate in candidates] == [1.0, 1.0]
    known = [Sizes(before).known(candidate) for candidate in candidates]
    assert known == [(now.size(candidate)["effective"],) for candidate in candidates]
    assert before.fingerprint() != now.fingerprint()


@pytest.mark.parametrize(("cohort", "small"), [(1, 1), (2, 2), (3, 2), (7, 2), (16, 4), (64, 16)])
def test_small_cohorts_are_a_quarter(cohort: int, small: int) -> None:
    sizes = [cohort_size(index, cohort, begins_small=True) for index in range(60)]
    n_small = sizes.index(cohort) if cohort > small else 0
    assert sizes == [small] * n_small + [cohort] * (60 - n_small)
    assert n_small * small >= 48 or cohort == small


def test_telling_before_asking_is_refused(open_session: Callable[..., Session]) -> None:
    cohort = ask(open_session())
    again = open_session()
    for index in (0, 1):
        with pytest.raises(SearchError, match=f"cohort {index} was told before it was asked for"):
            again.tell(replace(cohort, index=index), fail(cohort))
    assert ask(again) == cohort
    again.tell(cohort, fail(cohort))


@pytest.mark.parametrize("n", [0, 3, 5])
def test_another_number_of_outcomes_than_candidates_is_refused(
    open_session: Callable[..., Session], n: int
) -> None:
    live = open_session()
    cohort = ask(live)
    with pytest.raises(
        SearchError, match=f"cohort 0 has 4 candidates and {n} outcomes; one each is needed"
    ):
        live.tell(cohort, [Outcome((), "broken")] * n)
    assert {trial.state for trial in open_session().trials} == {TrialState.RUNNING}


def test_recorded_trials_do_not_change(open_session: Callable[..., Session]) -> None:
    live = open_session()
    cohort = ask(live)
    recorded = live.tell(cohort, fakes.train_all(live, cohort))
    assert repr(live.tell(cohort, fail(cohort))) == repr(recorded)
    assert repr(open_session().trials[:4]) == repr(recorded)


def test_objectives_are_means_over_seeds_and_known_ones_are_sizes(
    open_session: Callable[..., Session],
) -> None:
    live = open_session(objectives=["params", "accuracy", "loss"])
    cohort = ask(live)
    seeds = tuple(
        SeedOutcome(seed, {"val_loss": loss, "val_accuracy": a, "test_loss": 9.0}, 1, 2, 0.5)
        for seed, loss, a in ((101, 1.0, 0.5), (202, 3.0, 0.75))
    )
    for trial in live.tell(cohort, [Outcome(seeds)] * 4):
        assert trial.objectives == {
            "params": trial.size["effective"],
            "accuracy": 0.625,
            "loss": 2.0,
        }
        assert isinstance(trial.objectives["params"], int)
    stored = live.storage.optuna.get_all_trials(0)[0].values
    assert stored == [live.trials[0].size["effective"], -0.625, 2.0]  # minimised


# ---- failures ------------------------------------------------------------------------------------

CANDIDATE = Candidate("dense", {"hidden": 2})
TRIAL = Trial(
    0,
    "toy-1/0",
    0,
    TrialState.RUNNING,
    CANDIDATE,
    {"raw": 9, "effective": 7, "flops": 5, "bytes": 3},
    {},
)


def seed_outcome(seed: int = 101, diverged: int | None = None, **metrics: float) -> SeedOutcome:
    return SeedOutcome(seed, metrics, 1, 2, 0.5, diverged)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome((), "RuntimeError: the family has a bug"), "RuntimeError: the family has a bug"),
        (Outcome((seed_outcome(val_loss=1.0),)), "1 of 2 seeds were trained"),
        (Outcome(()), "0 of 2 seeds were trained"),
        (
            Outcome((seed_outcome(val_loss=1.0), seed_outcome(202, diverged=3, val_loss=0.5))),
            "seed 202 diverged in epoch 3: a loss or a parameter",
        ),
        (
            Outcome((seed_outcome(val_loss=1.0), seed_outcome(202, val_loss=math.nan))),
            "objective loss is nan",
        ),
        (
            Outcome((seed_outcome(val_loss=1.0), seed_outcome(202, val_loss=math.inf))),
            "objective loss is inf",
        ),
        (
            Outcome((seed_outcome(val_loss=math.inf), seed_outcome(202, val_loss=-math.inf))),
            "objective loss is nan",
        ),
        (
            Outcome((seed_outcome(val_loss=1.0), seed_outcome(202, test_loss=1.0))),
            "objective loss is nan",
        ),
    ],
)
def test_an_outcome_without_finite_objectives_fails_with_its_reason(
    outcome: Outcome, reason: str
) -> None:
    losses, given = judge(TRIAL, outcome, [OBJECTIVES["params"], OBJECTIVES["loss"]], 2)
    assert losses is None
    assert given is not None
    assert given.startswith(reason)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["val_loss", "val_error"]), st.floats(), min_size=2),
        min_size=1,
        max_size=4,
    )
)
def test_a_judgement_is_either_finite_losses_or_a_reason(
    metrics: list[Mapping[str, float]],
) -> None:
    outcome = Outcome(tuple(SeedOutcome(i, each, 1, 1, 0.1) for i, each in enumerate(metrics)))
    losses, reason = judge(TRIAL, outcome, [OBJECTIVES["loss"], OBJECTIVES["error"]], len(metrics))
    assert (losses is None) is (reason is not None)
    if losses is not None:
        assert all(map(math.isfinite, losses))
        assert losses[0] == pytest.approx(sum(each["val_loss"] for each in metrics) / len(metrics))


def test_a_failed_trial_keeps_its_reason_and_its_outcome(
    open_session: Callable[..., Session],
) -> None:
    live = open_session()
    cohort = ask(live)
    wild = Outcome(
        (seed_outcome(val_loss=math.nan, test_loss=math.inf), seed_outcome(202, val_loss=1.0)),
        worker="here:1",
    )
    live.tell(cohort, [wild, *fail(cohort, "out of memory: no room")[1:]])
    trials = open_session().trials
    assert [trial.state for trial in trials] == [TrialState.FAIL] * 4
    assert [trial.reason for trial in trials] == ["objective loss is nan"] + [
        "out of memory: no room"
    ] * 3
    assert repr(trials[0].outcome) == repr(wild)
    assert trials[0].objectives == {}


def test_a_search_whose_trials_all_fail_stops(open_session: Callable[..., Session]) -> None:
    live = open_session(trials=100, cohort=5, in_flight=2)
    n_recorded = 0
    with pytest.raises(
        SearchError,
        match=rf"^all {HOPELESS_TRIALS} trials so far have failed, 15 of them with: broken$",
    ):
        while True:
            for cohort in fakes.ask_all(live):
                live.tell(cohort, fail(cohort, "broken" if n_recorded else "unlucky"))
                n_recorded += 1
    assert len(live.trials) == HOPELESS_TRIALS
    with pytest.raises(SearchError, match="trials so far have failed"):
        open_session(trials=100, cohort=5, in_flight=2).ask()


def test_a_search_with_one_complete_trial_does_not_stop(
    open_session: Callable[..., Session],
) -> None:
    live = open_session(trials=40, cohort=4, in_flight=1)
    first = ask(live)
    good = Outcome((seed_outcome(val_loss=1.0), seed_outcome(202, val_loss=2.0)))
    live.tell(first, [good, *fail(first)[1:]])
    while (cohort := live.ask()) is not None:
        live.tell(cohort, fail(cohort))
    assert live.finished
    assert len(live.trials) == 40


def test_a_search_stops_when_no_draw_keeps_the_bounds(
    open_session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Search, "admits", lambda self, candidate: False)
    with pytest.raises(
        SearchError,
        match="no candidate of dense within the required bounds was found in 2000 draws; "
        "widen them",
    ):
        open_session().ask()


# ---- budgets -------------------------------------------------------------------------------------


def test_no_cohort_is_asked_for_after_the_time_budget(
    open_session: Callable[..., Session], clock: Clock
) -> None:
    live = open_session(time_budget="10s", in_flight=2, trials=100)
    first = ask(live)
    clock.now += 9.9
    second = ask(live)
    assert not live.out_of_time
    clock.now += 0.2
    live.tell(first, fakes.train_all(live, first))
    assert live.out_of_time
    assert live.ask() is None
    assert not live.finished  # the second is still in training
    live.tell(second, fakes.train_all(live, second))
    assert live.finished
    assert len(live.trials) == 8


def test_a_cohort_that_would_end_too_late_is_not_asked_for(
    open_session: Callable[..., Session], clock: Clock
) -> None:
    search = toys.search(time_budget="10s", in_flight=1, trials=100)
    live = open_session(search)
    cohort = ask(live)
    clock.now += 4
    live.tell(cohort, fakes.train_all(live, cohort))
    cohort = ask(live)  # from 4 s to 8 s
    clock.now += 4
    live.tell(cohort, fakes.train_all(live, cohort))
    assert live.ask() is None  # it would end after 12 s
    assert live.finished
    assert open_session(search).finished
    longer = open_session(replace(search, time_budget_s=30.0))
    assert ask(longer).index == 2


def test_a_search_until_settled_ends_by_itself(open_session: Callable[..., Session]) -> None:
    search = toys.search(
        until="settled",
        sampler="known_size",
        cohort=8,
        in_flight=1,
        families={
            "dense": {"hidden": {"choice": [2, 4]}, "learning_rate": {"choice": [0.01, 0.1]}}
        },
        trials=80,
    )
    assert Search.from_spec(search.to_spec()) == search
    assert search.fingerprint() == replace(search, until=None).fingerprint()
    live = open_session(search)
    fakes.play(live)
    assert live.settled
    assert live.finished
    assert len(live.trials) < 80
    again = open_session(search)
    assert again.finished
    assert again.chance == live.chance
    last = live.trials[-1].cohort
    assert last > live.search.small_cohorts  # a small cohort says nothing of a whole one
    assert ask(open_session(replace(search, until=None))).index == last + 1


def test_every_search_that_predicts_tells_the_gain_and_the_chance_of_more(
    open_session: Callable[..., Session],
) -> None:
    search = toys.search(sampler="known_size", trials=40, cohort=4)
    live = open_session(search)
    assert (live.gain, live.chance) == (None, None)
    fakes.play(live)
    volume = Hypervolume(live.trials, live.objectives)
    assert live.gain == pytest.approx(volume.gains([40])[40], abs=1e-9)
    assert live.chance is not None
    assert live.chance < 1.0
    assert not live.settled
    again = open_session(search)
    assert again.chance == live.chance


def test_time_counts_only_while_a_session_is_live(
    open_session: Callable[..., Session], clock: Clock
) -> None:
    search = toys.search(time_budget="10s", in_flight=1, trials=100)
    live = open_session(search)
    cohort = ask(live)
    clock.now += 6
    live.tell(cohort, fakes.train_all(live, cohort))
    assert live.elapsed_s == pytest.approx(6)
    clock.now += 1000  # between two sessions
    again = open_session(search)
    assert again.elapsed_s == pytest.approx(6)
    cohort = ask(again)
    clock.now += 5
    again.tell(cohort, fakes.train_all(again, cohort))
    assert again.ask() is None
    assert again.finished
    clock.now += 1000
    last = open_session(search)
    assert last.elapsed_s == pytest.approx(11)
    assert last.finished
    more = open_session(replace(search, time_budget_s=12.0))
    assert ask(more).index == 2


def test_a_larger_budget_continues_where_the_smaller_one_ended(
    open_session: Callable[..., Session],
) -> None:
    fakes.play(open_session(trials=6, cohort=4))
    larger = open_session(trials=12, cohort=4)
    assert not larger.finished
    assert ask(larger).numbers == (6, 7, 8, 9)
    fakes.play(open_session(trials=12, cohort=4))
    assert [trial.cohort for trial in open_session(trials=12, cohort=4).trials] == [0] * 4 + [
        1
    ] * 2 + [2] * 4 + [3] * 2


# ---- after an interruption -----------------------------------------------------------------------


def test_cohorts_that_were_running_come_first_under_the_same_numbers(
    open_session: Callable[..., Session],
) -> None:
    first = open_session(in_flight=3)
    zero, one, two = fakes.ask_all(first)
    first.tell(one, fakes.train_all(first, one))
    second = open_session(in_flight=3)
    assert fakes.ask_all(second) == [zero, two]
    second.tell(two, fakes.train_all(second, two))
    assert second.ask() is None
    assert fakes.ask_all(open_session(in_flight=3)) == [zero]


def test_the_rest_of_a_partly_recorded_cohort_is_recorded(
    open_session: Callable[..., Session], tmp_path: Path
) -> None:
    live = open_session(in_flight=1)
    cohort = ask(live)
    live.tell(cohort, fakes.train_all(live, cohort))
    journal = tmp_path / "journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    finishing = [
        i for i, line in enumerate(lines) if b'"state":1' in line or b'"state":3' in line
    ]  # complete, fail
    assert len(finishing) == 4
    journal.write_bytes(b"".join(lines[: finishing[1] + 1]))
    torn = open_session(in_flight=1)
    before = [trial.state.finished for trial in torn.trials]
    assert before == [True, True, False, False]
    assert ask(torn) == cohort
    trials = torn.tell(cohort, fail(cohort, "second time"))
    assert repr(trials[:2]) == repr(live.trials[:2])
    assert [trial.reason for trial in trials[2:]] == ["second time"] * 2
    assert ask(torn).index == 1


def test_a_finished_search_has_no_cohort_to_ask_for(open_session: Callable[..., Session]) -> None:
    fakes.play(open_session())
    again = open_session()
    assert again.finished
    assert again.ask() is None
    assert len(again.trials) == 12
