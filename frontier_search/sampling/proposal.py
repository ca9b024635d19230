"""One proposed candidate, as the search's storage keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution

from frontier_search.trial import Candidate


@dataclass(frozen=True)
class Proposal:
    """One proposed candidate.

    Attributes:
        number: the trial's number.
        params, distributions: the candidate as Optuna stores it.
        system_attributes: what the sampler wrote on the trial.
        study_attributes: what the sampler wrote on its study and the search's storage does not
            have yet. Each key begins with the family whose turn it is, or with nothing, and ``/``.
    """

    number: int
    candidate: Candidate
    params: Mapping[str, Any]
    distributions: Mapping[str, BaseDistribution]
    system_attributes: Mapping[str, Any]
    study_attributes: Mapping[str, Any]
