"""How a trial is written in an Optuna study and read back: the names of all its attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from frontier_search.objective import Objective
from frontier_search.sampling.encoding import candidate_of, running_trial
from frontier_search.sampling.proposal import Proposal
from frontier_search.trial import Outcome, Trial, TrialState, measured_size

UID, COHORT, SIZE, OUTCOME, REASON = "uid", "cohort", "size", "outcome", "reason"
SEARCH, FINGERPRINT, ELAPSED = "search", "fingerprint", "elapsed_s"
CHANCES = "chances"  # a list by cohort, as earlier versions wrote it
CHANCE = "chance/"  # prefix, before the index of a cohort
AGREEMENTS = "warm_start_agreements"  # a list by warm start, see ``Proposer.agreements``
SAMPLER = "sampler:"  # prefix of the attributes that samplers wrote on their in-memory studies

OPTUNA_STATES = {
    TrialState.WAITING: optuna.trial.TrialState.WAITING,
    TrialState.RUNNING: optuna.trial.TrialState.RUNNING,
    TrialState.COMPLETE: optuna.trial.TrialState.COMPLETE,
    TrialState.PRUNED: optuna.trial.TrialState.PRUNED,
    TrialState.FAIL: optuna.trial.TrialState.FAIL,
}
STATES = {theirs: ours for ours, theirs in OPTUNA_STATES.items()}


UNLIKELY = 0.2  # a chance to add noticeably to the hypervolume
IN_A_ROW = 2  # cohorts of such a chance, after which a search is settled


def is_settled(chances: Mapping[int, float], small_cohorts: int) -> bool:
    """Returns whether the last cohorts were all unlikely to add noticeably to the hypervolume.

    Args:
        chances: by cohort, in order.
        small_cohorts: how many of the first cohorts are small; that one adds little says nothing.
    """
    last = [chance for cohort, chance in chances.items() if cohort >= small_cohorts][-IN_A_ROW:]
    return len(last) == IN_A_ROW and max(last) < UNLIKELY


def agreements(attributes: Mapping[str, Any]) -> list[float | None]:
    """Returns how far each warm start agrees with the own trials, from a study's attributes."""
    return list(attributes.get(AGREEMENTS, []))


def chances(attributes: Mapping[str, Any]) -> dict[int, float]:
    """Returns the chance of each cohort to add to the hypervolume, from a study's attributes."""
    found = dict(enumerate(attributes.get(CHANCES, [])))
    for key, value in attributes.items():
        if key.startswith(CHANCE):
            found[int(key.removeprefix(CHANCE))] = value
    return dict(sorted(found.items()))


def template(proposal: Proposal, uid: str, cohort: int, size: Mapping[str, int]) -> FrozenTrial:
    """Returns a proposed trial as one record: running, with all that is known before training.

    Args:
        uid: SEARCH/NUMBER.
        cohort: the index of its cohort.
        size: counts by name, known before training.
    """
    return running_trial(
        proposal.params,
        proposal.distributions,
        proposal.system_attributes,
        {UID: uid, COHORT: cohort, SIZE: dict(size)},
    )


def read(
    frozen: FrozenTrial, objectives: Sequence[Objective], outcome: Outcome | None = None
) -> Trial:
    """Returns a stored trial, with its objectives as the user sees them.

    Args:
        outcome: what is stored as its outcome, if that is known; it is read otherwise.
    """
    attributes: Mapping[str, Any] = frozen.user_attrs
    values = frozen.values if frozen.state == optuna.trial.TrialState.COMPLETE else None
    shown = {
        o.name: o.from_minimised(v) for o, v in zip(objectives, values or (), strict=bool(values))
    }
    for objective in objectives:  # counts are whole numbers, and Optuna keeps floats
        if objective.known and objective.name in shown:
            shown[objective.name] = int(shown[objective.name])
    if outcome is None and OUTCOME in attributes:
        outcome = Outcome.from_json(attributes[OUTCOME])
    return Trial(
        number=frozen.number,
        uid=attributes[UID],
        cohort=attributes[COHORT],
        state=STATES[frozen.state],
        candidate=candidate_of(frozen.params),
        size=measured_size(attributes[SIZE], outcome),
        objectives=shown,
        outcome=outcome,
        reason=attributes.get(REASON),
        started_at=frozen.datetime_start.timestamp() if frozen.datetime_start else None,
        finished_at=frozen.datetime_complete.timestamp() if frozen.datetime_complete else None,
    )
