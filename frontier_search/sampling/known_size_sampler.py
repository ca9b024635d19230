"""KnownSizeSampler: ``known_size`` for any Optuna study, also one that uses nothing else of ours.

import optuna
from frontier_search import KnownSizeSampler

def size(params):  # known before the trial is run
    return 10 * params["width"] + 1

sampler = KnownSizeSampler(size=size, seed=0)
study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)
study.optimize(lambda trial: (loss(trial), size(trial.params)), n_trials=100)
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from frontier_search.sampling.finished import Finished
from frontier_search.sampling.known_size import KnownSize
from frontier_search.space import Choice, Float, Int, Parameter, SearchSpace
from frontier_search.trial import Candidate

Params = Mapping[str, Any]
Branch = tuple[str, ...]  # the names of the parameters that a trial has, sorted

RANDOM = 16  # complete trials that show an unknown space, with all of its branches
STEPS = 2000  # a range of at most so many steps is listed


class KnownSizeSampler(BaseSampler):
    """Samples where the hypervolume is expected to grow most, given what is known of a trial.

    One objective of the study is measured; the others follow from the parameters, and are
    minimised. The sampler learns the search space from the trials: the first 16 are random unless
    ``space`` is given. A conditional space is learned branch by branch: trials with the same
    parameters form one, and a branch that no random trial took is not proposed.

    Args:
        size: the known objective of some parameters, a number above 0, or a sequence of two.
        seed: of everything random; None: another one each time.
        measured: the position of the measured objective.
        space: the distributions of an unconditional space, so that the first trials are spread too.
        admits: whether a trial with some parameters may be proposed.

    Raises:
        ValueError: (when it samples) the study's objectives do not fit.
    """

    def __init__(
        self,
        size: Callable[[Params], float | Sequence[float]],
        seed: int | None = None,
        measured: int = 0,
        space: Mapping[str, BaseDistribution] | None = None,
        admits: Callable[[Params], bool] = lambda params: True,
    ) -> None:
        self._size, self._measured, self._admits = size, measured, admits
        self._seed = int(np.random.default_rng().integers(2**32)) if seed is None else seed
        self._space = dict(space or {})
        self._sampler: tuple[dict[str, SearchSpace], KnownSize] | None = None
        self._lock = threading.Lock()  # study.optimize(n_jobs=...) runs threads

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Returns the distributions of all branches, the latest of each name."""
        found = dict(self._space)
        for other in _trials(study, trial):
            found |= other.distributions
        return found

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Returns the parameters of one branch; none while the space is not known."""
        self._check(study)
        trials = [other for other in _trials(study, trial) if other.distributions]
        n_complete = sum(other.state is TrialState.COMPLETE for other in trials)
        if not search_space or (not self._space and n_complete < RANDOM):
            return {}
        branches = _branches(trials, self._space)
        spaces = {name: _search_space(each) for name, each in branches.items()}
        finished: list[Finished] = []
        in_training: list[Candidate] = []
        for other in trials:
            candidate = _candidate(other.params, other.distributions, spaces)
            if candidate is None:
                continue
            if other.state is TrialState.RUNNING:
                in_training.append(candidate)
            else:
                finished.append(self._finished(study, other, candidate))
        with self._lock:
            if self._sampler is None or self._sampler[0] != spaces:
                core = KnownSize(spaces, self._known, self._allowed, self._seed)
                self._sampler = spaces, core
            proposed = self._sampler[1].propose("", finished, in_training)
        return dict(proposed.hyperparameters) if proposed is not None else {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draws one parameter at random; the same one for the same seed, trial and name."""
        word = zlib.crc32(param_name.encode())
        seed = np.random.SeedSequence([self._seed, trial.number, word]).generate_state(1)[0]
        random = RandomSampler(seed=int(seed))
        return random.sample_independent(study, trial, param_name, param_distribution)

    def _known(self, candidate: Candidate) -> tuple[float, ...]:
        found = self._size(candidate.hyperparameters)
        values = tuple(map(float, found)) if isinstance(found, Sequence) else (float(found),)
        if not all(0 < value < np.inf for value in values):
            raise ValueError(
                f"size gives {found!r} for {dict(candidate.hyperparameters)}; "
                "a number above 0 is needed."
            )
        return values

    def _allowed(self, candidate: Candidate) -> bool:
        return self._admits(candidate.hyperparameters)

    def _finished(self, study: Study, trial: FrozenTrial, candidate: Candidate) -> Finished:
        if trial.values is None or trial.state is TrialState.FAIL:
            return Finished(candidate, None)
        sign = -1.0 if study.directions[self._measured] is StudyDirection.MAXIMIZE else 1.0
        loss = sign * trial.values[self._measured]
        return Finished(candidate, loss, stopped=trial.state is TrialState.PRUNED)

    def _check(self, study: Study) -> None:
        n = len(study.directions)
        known = [d for i, d in enumerate(study.directions) if i != self._measured]
        if n not in (2, 3) or not 0 <= self._measured < n or StudyDirection.MAXIMIZE in known:
            raise ValueError(
                f"the study has {n} objectives ({', '.join(d.name for d in study.directions)}), of "
                f"which number {self._measured} is measured; KnownSizeSampler needs one measured "
                "objective and one or two known ones that are minimised. For several measured "
                "objectives take optuna.samplers.TPESampler."
            )


def _trials(study: Study, trial: FrozenTrial) -> list[FrozenTrial]:
    """Returns all trials but this one and those that have not begun, by number."""
    return [
        other
        for other in study.get_trials(deepcopy=False)
        if other.number != trial.number and other.state is not TrialState.WAITING
    ]


def _branches(
    trials: Sequence[FrozenTrial], space: Mapping[str, BaseDistribution]
) -> dict[str, dict[str, BaseDistribution]]:
    """Returns the distributions of each branch, by the names of its parameters.

    A choice that occurs in several branches may be what decides between them. So each branch has
    only those of its values that were seen in it.
    """
    if space:
        return {_name(space): dict(space)}
    found: dict[str, dict[str, BaseDistribution]] = {}
    seen: dict[tuple[str, str], dict[Any, None]] = {}
    for trial in trials:
        if trial.state is TrialState.RUNNING:  # it may not have all of its parameters yet
            continue
        branch = found.setdefault(_name(trial.distributions), {})
        branch |= trial.distributions
        for name, value in trial.params.items():
            seen.setdefault((_name(trial.distributions), name), {})[value] = None
    if len(found) > 1:
        for key, branch in found.items():
            for name, held in branch.items():
                shared = sum(name in other for other in found.values()) > 1
                if shared and isinstance(held, CategoricalDistribution):
                    branch[name] = CategoricalDistribution(tuple(seen[key, name]))
    return found


def _name(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names))


def _search_space(branch: Mapping[str, BaseDistribution]) -> SearchSpace:
    return SearchSpace(tuple((name, _parameter(held)) for name, held in sorted(branch.items())))


def _parameter(held: BaseDistribution) -> Parameter:
    if isinstance(held, CategoricalDistribution):
        return Choice(tuple(held.choices))  # type: ignore[arg-type]  # None is a word like others
    assert isinstance(held, FloatDistribution | IntDistribution)  # Optuna has no fourth kind
    if held.step is not None and held.step != 1 and (held.high - held.low) / held.step < STEPS:
        n = round((held.high - held.low) / held.step)
        return Choice(tuple(held.low + i * held.step for i in range(n + 1)))
    if isinstance(held, FloatDistribution):
        return Float(held.low, held.high, held.log)
    return Int(held.low, held.high, held.log)


def _candidate(
    params: Params, distributions: Mapping[str, BaseDistribution], spaces: Mapping[str, SearchSpace]
) -> Candidate | None:
    """Returns a trial as a candidate, or None if it is of no branch, or outside its space now."""
    branch = _name(distributions)
    space = spaces.get(branch)
    if space is None or any(params[name] not in parameter for name, parameter in space):
        return None
    return Candidate(branch, {name: params[name] for name in space.names()})
