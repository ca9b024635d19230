"""The contract of every sampler: the same history gives the same proposal.

It holds in any process, after any interruption, and whichever cohort ends first.
"""

from __future__ import annotations

import functools
import random
import tempfile
from pathlib import Path

import pytest

from frontier_search.sampling.samplers import SAMPLERS
from frontier_search.search.search import Search
from frontier_search.session import Session
from frontier_search.storage.storage import JOURNAL, open_storage
from frontier_search.trial import Candidate
from tests.support import fakes, toys

# Numbers of trials with the free and with the balanced family budget. They must pass the random
# start of a sampler, which the balanced budget repeats for each family: 10 complete trials for tpe
# and gp, 8 for known_size, 32 for nsga2 (its first generation). A proposal of gp takes a third
# of a second, and a cohort of known_size a quarter.
TRIALS = (40, 56)
OTHER_TRIALS = {"nsga2": (88, 120), "gp": (18, 30), "random": (24, 24), "known_size": (32, 32)}
COHORT = 8
OTHER_COHORTS = {"gp": 2}
SLOW = {"gp", "known_size"}
WITHOUT_LEARNING = {"random"}  # outcomes do not change what these propose


def n_trials(sampler: str, families_budget: str) -> int:
    return OTHER_TRIALS.get(sampler, TRIALS)[families_budget == "balanced"]


def cohort_size(sampler: str) -> int:
    return OTHER_COHORTS.get(sampler, COHORT)


@pytest.fixture(params=["balanced", "free"])
def families_budget(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=list(SAMPLERS))
def sampler(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def search(sampler: str, families_budget: str, **changes: object) -> Search:
    default = {
        "trials": n_trials(sampler, families_budget),
        "cohort": cohort_size(sampler),
        "in_flight": 2,
    }
    families = {"dense": None, "kronecker": {"steps": {"int": [1, 4]}}}
    return toys.search(
        **{"families": families, "sampler": sampler, "families_budget": families_budget}
        | default
        | changes
    )


def session(of: Search, folder: Path) -> Session:
    return Session(of, open_storage(JOURNAL, folder, writable=True))


@functools.cache
def uninterrupted(asked: Search) -> tuple[list[Candidate], bytes]:
    """Returns the candidates of an uninterrupted search, and its journal."""
    with tempfile.TemporaryDirectory() as folder:
        return fakes.play(session(asked, Path(folder))), (Path(folder) / "journal.log").read_bytes()


def test_member_is_named_and_sourced(sampler: str) -> None:
    member = SAMPLERS[sampler]
    assert member.name == sampler
    assert member.summary
    assert member.source


@pytest.mark.parametrize("in_flight", [1, 2, 3])
def test_a_new_session_at_every_boundary_proposes_the_same(
    sampler: str, families_budget: str, in_flight: int, tmp_path: Path
) -> None:
    if sampler in SLOW and in_flight != 2:
        pytest.skip("it is slow, and how many cohorts are in flight does not matter to it")
    asked = search(sampler, families_budget, in_flight=in_flight)
    whole, _ = uninterrupted(asked)
    assert len(whole) == asked.trials
    distinct = {repr(candidate) for candidate in whole}
    # or the comparison would show little; small generations of NSGA-II repeat some parents
    assert len(distinct) > 0.85 * len(whole)
    order = random.Random(in_flight)
    interrupted = session(asked, tmp_path)
    while not interrupted.finished:
        flying = fakes.ask_all(interrupted)
        assert len(flying) <= in_flight
        cohort = order.choice(flying)  # the rest are lost with their workers, and asked for again
        interrupted.tell(cohort, fakes.train_all(interrupted, cohort))
        interrupted = session(asked, tmp_path)
    assert [trial.candidate for trial in interrupted.trials] == whole


def test_the_order_of_telling_changes_nothing(
    sampler: str, families_budget: str, tmp_path: Path
) -> None:
    asked = search(sampler, families_budget, in_flight=3, trials=n_trials(sampler, "free"))
    first, second = session(asked, tmp_path / "first"), session(asked, tmp_path / "second")
    zero, one, two = fakes.ask_all(first)
    assert fakes.ask_all(second) == [zero, one, two]
    for live, order in ((first, (zero, one, two)), (second, (two, one, zero))):
        for cohort in order:
            live.tell(cohort, fakes.train_all(live, cohort))
    assert fakes.play(first) == fakes.play(second, random.Random(1))
    assert fakes.plain(first) == fakes.plain(second)


def test_outcomes_decide_the_later_proposals(
    sampler: str, families_budget: str, tmp_path: Path
) -> None:
    asked = search(sampler, families_budget)
    usual, inverted = uninterrupted(asked)[0], fakes.play(session(asked, tmp_path), scale=-1)
    n_blind = sum(map(asked.cohort_size, range(asked.in_flight)))
    assert usual[:n_blind] == inverted[:n_blind]  # proposed before any outcome was recorded
    for family in ("dense", "kronecker"):
        differ = [a for a in usual if a.family == family] != [
            a for a in inverted if a.family == family
        ]
        assert differ is (sampler not in WITHOUT_LEARNING)


def test_a_journal_cut_between_two_proposals_loses_none(
    sampler: str, families_budget: str, tmp_path: Path
) -> None:
    asked = search(sampler, families_budget)
    whole, journal = uninterrupted(asked)
    lines = journal.splitlines(keepends=True)
    start = asked.trials - 2 * asked.cohort  # late, so that the sampler has a model
    proposed = [i for i, line in enumerate(lines) if f'"uid":"{asked.name}/'.encode() in line]
    assert len(proposed) == asked.trials
    first, last = proposed[start], proposed[start + asked.cohort - 1]
    for cut in range(first, last + 1) if sampler not in SLOW else (last - 1,):
        folder = tmp_path / f"{cut}"
        folder.mkdir()
        (folder / "journal.log").write_bytes(b"".join(lines[:cut]))
        resumed = session(asked, folder)
        assert start <= len(resumed.trials) < start + asked.cohort
        fakes.ask_all(resumed)
        assert len(resumed.trials) >= start + asked.cohort
        assert [trial.candidate for trial in resumed.trials] == whole[: len(resumed.trials)]


def test_every_proposal_keeps_the_bounds(
    sampler: str, families_budget: str, tmp_path: Path
) -> None:
    asked = search(
        sampler,
        families_budget,
        require=["params<=30", "flops<=200"],
        trials=2 * cohort_size(sampler),
    )
    for candidate in fakes.play(session(asked, tmp_path)):
        size = asked.size(candidate)
        assert size["effective"] <= 30
        assert size["flops"] <= 200


def test_every_proposal_is_within_its_space(sampler: str, families_budget: str) -> None:
    asked = search(sampler, families_budget)
    for candidate in uninterrupted(asked)[0]:
        space = asked.spaces[candidate.family]
        assert tuple(candidate.hyperparameters) == space.names()
        assert all(value in space[name] for name, value in candidate.hyperparameters.items())


def test_families_take_turns_unless_the_budget_is_free(sampler: str, families_budget: str) -> None:
    families = [
        candidate.family for candidate in uninterrupted(search(sampler, families_budget))[0]
    ]
    assert (families == ["dense", "kronecker"] * (len(families) // 2)) is (
        families_budget == "balanced"
    )
    assert set(families) == {"dense", "kronecker"}


def test_seeds_decide_the_proposals(sampler: str, families_budget: str, tmp_path: Path) -> None:
    def proposals(seed: int, name: str) -> list[Candidate]:
        return fakes.play(
            session(search(sampler, families_budget, seed=seed, trials=8), tmp_path / name)
        )

    first = proposals(0, "first")
    assert proposals(0, "again") == first
    assert proposals(1, "other") != first


def test_a_family_named_by_an_import_path_is_searched(families_budget: str, tmp_path: Path) -> None:
    path = "frontier_search.models.families.dense:FAMILY"
    asked = toys.search(
        families={path: None, "kronecker": None}, families_budget=families_budget, trials=16
    )
    whole = fakes.play(session(asked, tmp_path))
    assert {candidate.family for candidate in whole} == {path, "kronecker"}
    assert [trial.candidate for trial in session(asked, tmp_path).trials] == whole
