"""The private parts of Optuna that this package uses: every one of them, and nowhere else.

Each function reaches for one attribute. When another Optuna no longer has it, the error names the
attribute, the version that has it, and what to do. A test holds that no other module touches one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial

from frontier_search.errors import SearchError

WRITTEN_FOR = "5.0.0"
STREAM = "LazyRandomState"  # the private class of a sampler's random stream


def storage_of(study: Study) -> BaseStorage:
    """Returns the storage of a study: the only way to write a system attribute from a sampler.

    Raises:
        SearchError: Optuna has changed.
    """
    storage: BaseStorage = _private(study, "_storage")
    return storage


def stored_id(frozen: FrozenTrial) -> int:
    """Returns the id of a stored trial in its storage.

    The public ``get_trial_id_from_study_id_trial_number`` costs a database one query per trial.

    Raises:
        SearchError: Optuna has changed.
    """
    return int(_private(frozen, "_trial_id"))


def contains(distribution: BaseDistribution, value: Any) -> bool:
    """Returns whether a distribution holds a value that a sampler proposed, as ``suggest`` asks.

    Raises:
        SearchError: Optuna has changed.
    """
    return bool(_private(distribution, "_contains")(distribution.to_internal_repr(value)))


def replace_search_spaces(
    sampler: BaseSampler,
    replacement: Callable[[str, IntersectionSearchSpace], IntersectionSearchSpace],
) -> None:
    """Replaces the search spaces that a sampler would compute from all trials.

    They are in ``_search_space`` (NSGA-II) or ``_intersection_search_space`` (GP). A sampler
    without one, such as ``random``, is left as it is.

    Args:
        replacement: (attribute name, what it holds) -> what it holds from now on.
    """
    for name, value in list(vars(sampler).items()):
        if isinstance(value, IntersectionSearchSpace):
            setattr(sampler, name, replacement(name, value))


def stream(sampler: BaseSampler) -> np.random.RandomState:
    """Returns the random stream of a sampler.

    Raises:
        SearchError: Optuna has changed.
    """
    held: np.random.RandomState = _private(sampler, "_rng").rng
    return held


def drawer(sampler: BaseSampler) -> BaseSampler:
    """Returns the random sampler inside one of Optuna's NSGA-II.

    Raises:
        SearchError: Optuna has changed.
    """
    held: BaseSampler = _private(sampler, "_random_sampler")
    return held


def restart(sampler: BaseSampler, seed: int) -> None:
    """Starts the random streams of a sampler again, as if it had just been built with a seed.

    numpy takes sixty times longer to make a stream than to start it again.

    Raises:
        SearchError: Optuna has changed.
    """
    parts = list(vars(sampler).values())
    streams = [part for part in parts if type(part).__name__ == STREAM]
    if not streams:
        raise _changed(f"{STREAM} in a {type(sampler).__name__}")
    for stream in streams:
        stream.rng.seed(seed)
    for part in parts:
        if isinstance(part, BaseSampler):
            restart(part, seed)


def _private(of: object, attribute: str) -> Any:
    try:
        return getattr(of, attribute)
    except AttributeError:
        raise _changed(f"{type(of).__name__}.{attribute}") from None


def _changed(missing: str) -> SearchError:
    return SearchError(
        f"Optuna {optuna.__version__} has no {missing}, which Optuna {WRITTEN_FOR} has and "
        f"frontier-search needs; install optuna=={WRITTEN_FOR}, or adapt {__name__}."
    )
