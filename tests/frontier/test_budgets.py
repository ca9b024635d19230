"""Evidence at each budget of one training, and claims at all, some or no budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.curve import Curve
from frontier_search.frontier.budgets import across, scope
from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.judge import Body
from frontier_search.frontier.verdict import Verdict
from frontier_search.search.claim import Claim, Part
from frontier_search.search.search import Search
from frontier_search.trial import AtBudget, Candidate, Outcome, SeedOutcome, Trial, TrialState
from tests.support.evidence import DENSE, KRONECKER, SPEC

SEEDS = range(20)
BUDGETS = (10, 20, 40)


def search(name: str = "toy", budgets: Sequence[int] = BUDGETS) -> Search:
    return Search.from_spec(
        SPEC | {"name": name, "seeds": list(SEEDS), "budgets": list(budgets), "batch_size": 16}
    )


def trial(
    number: int,
    family: str,
    curve: Sequence[float],
    budgets: Sequence[int] = BUDGETS,
    rate: float = 0.01,
    diverged: int | None = None,
) -> Trial:
    """A trial whose losses at each budget are those of ``curve``, the same on every seed."""

    def metrics(loss: float) -> dict[str, float]:
        return {"val_loss": loss, "test_loss": loss}

    *earlier, last = zip(budgets, curve, strict=True)
    at = {epochs: AtBudget(epochs, metrics(loss)) for epochs, loss in earlier}
    seeds = tuple(
        SeedOutcome(seed, metrics(last[1]), last[0], last[0], 0.0, diverged, Curve(), at)
        for seed in SEEDS
    )
    settings: dict[str, int | float | str] = {"hidden": 4, "learning_rate": rate}
    return Trial(
        number,
        f"toy/{number}",
        0,
        TrialState.FAIL if diverged else TrialState.COMPLETE,
        Candidate(family, settings),
        {"raw": 30, "effective": 30, "flops": 60, "bytes": 120},
        {},
        Outcome(seeds),
    )


def claim(*parts: Part) -> Claim:
    return Claim(1, "kronecker is better", parts)


BETTER = Part("better", (SPEC["dataset"],), KRONECKER, {"than": DENSE})


# ---- evidence ------------------------------------------------------------------------------------


def test_a_search_gives_the_evidence_of_a_search_of_each_budget() -> None:
    asked, trials = search(), [trial(0, "dense", [3.0, 2.0, 1.0])]
    for epochs, loss in zip(BUDGETS, (3.0, 2.0, 1.0), strict=True):
        short = search("short", [epochs])
        one = trial(0, "dense", [loss], [epochs])
        found = Evidence.of([(asked, trials)], epochs)
        expected = Evidence.of([(short, [one])])
        assert found.budget == expected.budget == short.budget
        assert np.array_equal(found.values("test_loss"), expected.values("test_loss"))
        together = Evidence.of([(asked, trials), (short, [one])], epochs)
        assert together.sources == ("toy", "short")
    assert Evidence.of([(asked, trials)]).values("val_loss").max() == 1.0


def test_a_budget_at_which_a_search_does_not_report_is_refused() -> None:
    with pytest.raises(ValueError, match="toy report nothing after 30 epochs"):
        Evidence.of([(search(), [])], 30)


def test_a_model_that_diverges_later_counts_at_the_budgets_before() -> None:
    wild = trial(0, "dense", [3.0, 2.0, 1.0], diverged=15)
    n = [len(Evidence.of([(search(), [wild])], epochs).candidates) for epochs in BUDGETS]
    assert n == [1, 0, 0]


def test_a_trial_of_an_earlier_version_or_without_all_seeds_does_not_count() -> None:
    whole = trial(0, "dense", [3.0, 2.0, 1.0])
    old = replace(whole, outcome=Outcome(tuple(replace(s, budgets={}) for s in whole.seeds)))
    torn = replace(whole, outcome=Outcome(whole.seeds[1:]))
    for one in (old, torn, replace(whole, outcome=None)):
        assert Evidence.of([(search(), [one])], 10).candidates == ()


def test_each_budget_has_its_own_best_learning_rate() -> None:
    fast = trial(0, "dense", [1.0, 1.0, 1.0], rate=0.1)
    slow = trial(1, "dense", [3.0, 2.0, 0.5], rate=0.001)
    best = [Evidence.of([(search(), [fast, slow])], epochs).best() for epochs in BUDGETS]
    assert best == [0, 0, 1]


# ---- claims at every budget ----------------------------------------------------------------------


def test_a_claim_that_depends_on_the_budget_holds_at_some() -> None:
    quick = trial(0, "kronecker", [1.0, 1.0, 1.0])
    slow = trial(1, "dense", [2.0, 1.5, 0.5])
    (found,) = across(Body([(search(), [quick, slow])]), [claim(BETTER)])
    assert [str(answer.verdict) for answer in found.answers.values()] == [
        "holds",
        "holds",
        "does not hold",
    ]
    assert found.words == "at some budgets: 10, 20; not at 40"


def test_all_parts_at_all_budgets_are_corrected_together() -> None:
    both = [trial(0, "kronecker", [1.0] * 3), trial(1, "dense", [2.0] * 3)]
    body = Body([(search(), both)])
    (found,) = across(body, [claim(BETTER, BETTER)])
    parts = [finding for answer in found.answers.values() for finding in answer.findings]
    assert len(parts) == 6
    assert {finding.corrected for finding in parts} == {6 * parts[0].p}
    assert body.answers([claim(BETTER)])[0].findings[0].corrected == parts[0].p


def test_a_claim_is_judged_at_the_budgets_that_its_datasets_share() -> None:
    other = replace(search("other", [20, 40, 80]), dataset="tests.support.toys:MULTICLASS")
    body = Body([(search(), []), (other, [])])
    assert body.budgets([SPEC["dataset"]]) == BUDGETS
    assert body.budgets([SPEC["dataset"], other.dataset]) == (20, 40)
    assert body.budgets(["iris"]) == ()
    assert Body([(search("one", [40]), [])]).budgets([SPEC["dataset"]]) == ()


@given(st.dictionaries(st.integers(1, 300), st.sampled_from(list(Verdict)), min_size=1, max_size=5))
def test_the_scope_names_every_budget_that_does_not_agree(verdicts: dict[int, Verdict]) -> None:
    found, kinds = scope(verdicts), set(verdicts.values())
    assert (found == "at all budgets") == (kinds == {Verdict.HOLDS})
    assert (found == "at no budget") == (kinds == {Verdict.FAILS})
    assert (found == "no evidence") == (kinds == {Verdict.SILENT})
    assert found.startswith("at some budgets") == (Verdict.HOLDS in kinds and len(kinds) > 1)
    if len(kinds) > 1:
        assert all(str(epochs) in found for epochs in verdicts)
