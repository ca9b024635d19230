"""Candidates and their spaces in Optuna's form.

The parameter ``family`` holds the family's name, and ``FAMILY_NAME.PARAMETER`` each of its own
parameters, so that one study can hold the trials of all families.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from frontier_search.space import Choice, Float, Parameter, SearchSpace
from frontier_search.trial import Candidate

FAMILY = "family"


def distribution(parameter: Parameter) -> BaseDistribution:
    """Returns Optuna's form of a parameter."""
    if isinstance(parameter, Choice):
        return CategoricalDistribution(parameter.values)
    if isinstance(parameter, Float):
        return FloatDistribution(parameter.low, parameter.high, log=parameter.log)
    return IntDistribution(parameter.low, parameter.high, log=parameter.log)


def distributions(family: str, space: SearchSpace) -> dict[str, BaseDistribution]:
    """Returns the distributions of a family's parameters, by their names in Optuna."""
    return {f"{family}.{name}": distribution(parameter) for name, parameter in space}


def only_value(single: BaseDistribution) -> Any:
    """Returns the value of a distribution that has only one."""
    if isinstance(single, CategoricalDistribution):
        return single.choices[0]
    # narrows the type: Optuna has no fourth kind
    assert isinstance(single, FloatDistribution | IntDistribution)
    return single.low


def candidate_of(params: Mapping[str, Any]) -> Candidate:
    """Returns the candidate that the parameters of an Optuna trial describe."""
    family = params[FAMILY]
    prefix = f"{family}."
    return Candidate(
        family,
        {name[len(prefix) :]: value for name, value in params.items() if name.startswith(prefix)},
    )


def params_of(candidate: Candidate) -> dict[str, Any]:
    """Returns the parameters that ``candidate_of`` reads."""
    return {FAMILY: candidate.family} | own_params(candidate.family, candidate.hyperparameters)


def own_params(family: str, point: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parameters of one family, without the parameter ``family``."""
    return {f"{family}.{name}": value for name, value in point.items()}


def running_trial(
    params: Mapping[str, Any],
    distributions: Mapping[str, BaseDistribution],
    system_attributes: Mapping[str, Any],
    user_attributes: Mapping[str, Any] | None = None,
) -> FrozenTrial:
    """Returns a trial that runs since now, as a template for a storage.

    ``optuna.trial.create_trial`` does the same, and checks every value against every distribution,
    which takes longer than the rest of writing a trial. Ours come from these distributions.
    """
    return FrozenTrial(
        number=-1,
        trial_id=-1,
        state=TrialState.RUNNING,
        value=None,
        datetime_start=datetime.now(),
        datetime_complete=None,
        params=dict(params),
        distributions=dict(distributions),
        user_attrs=dict(user_attributes or {}),
        system_attrs=dict(system_attributes),
        intermediate_values={},
    )
