"""Trains a cohort: its candidates on all seeds, stack by stack.

A failure stays with the candidate that caused it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import TrainingBudget
from frontier_search.errors import SearchError, SpecError, TrialError
from frontier_search.models.editions import EDITION, FIRST_COMPILED, family
from frontier_search.models.program import COMPILED
from frontier_search.objective import Objective, Timed
from frontier_search.training import crashes, metrics
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.kernels.library import library
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack, group
from frontier_search.training.threads import Stopping, run_all, shares
from frontier_search.training.train import StackTraining
from frontier_search.trial import Candidate, Cohort, Outcome, SeedOutcome

Weights = NDArray[np.float32]
Result = tuple[list[SeedOutcome], Weights]  # of one candidate; weights are (n_seeds, P)


@dataclass(frozen=True)
class Trained:
    """What training a cohort gives.

    Attributes:
        outcomes: one for each candidate, in the cohort's order.
        weights: trial number -> (n_seeds, P) learned scalars of the selected epoch, in the order of
            the network's ``learned``.
    """

    outcomes: tuple[Outcome, ...]
    weights: Mapping[int, Weights]


def train_cohort(
    cohort: Cohort,
    data: Data,
    budget: TrainingBudget,
    checkpoints: Checkpoints,
    objectives: Sequence[Objective] = (),
    edition: int = EDITION,
    threads: int = 1,
    stopping: Stopping | None = None,
) -> Trained:
    """Trains every candidate of a cohort on every seed of ``data``.

    Args:
        objectives: of the search. Those that are measured once for each candidate are measured
            only if they are listed here.
        edition: of the search, see ``models.editions``.
        threads: among which the work is spread. The result does not depend on it.
        stopping: ends training between two epochs, with KeyboardInterrupt, when it is set.

    A candidate fails with the reason if its model cannot be built, its code raises, or it runs out
    of memory. The other candidates are not affected.

    Raises:
        SearchError: the checkpoints cannot be written.
    """
    failures: dict[int, str] = {}
    models: list[Model] = []
    for position, candidate in enumerate(cohort.candidates):
        try:
            models += _models(position, candidate, data.seeds, edition)
        except (SpecError, TrialError) as error:
            failures[position] = str(error)
        except Exception as error:  # the user's code: whatever it raises is this trial's failure
            failures[position] = describe(error)
    measured: dict[int, list[SeedOutcome]] = {}
    weights: dict[int, Weights] = {}
    work = _Work(data, budget, checkpoints, edition >= FIRST_COMPILED, stopping or Stopping())
    for results in _train_stacks(work, group(models), threads):
        for position, result in results.items():
            if isinstance(result, str):
                failures[position] = result
            else:
                measured[position], weights[cohort.numbers[position]] = result
    asked = [objective for objective in objectives if isinstance(objective.source, Timed)]
    for position, seeds in measured.items() if asked else ():
        (model,) = _models(position, cohort.candidates[position], data.seeds[:1], edition)
        timed = metrics.timed(asked, model, data)
        measured[position] = [replace(seed, metrics={**seed.metrics, **timed}) for seed in seeds]
    worker = f"{socket.gethostname()}:{os.getpid()}"
    positions = range(len(cohort.candidates))
    return Trained(
        tuple(Outcome(tuple(measured.get(i, ())), failures.get(i), worker) for i in positions),
        weights,
    )


def _models(position: int, candidate: Candidate, seeds: Sequence[int], edition: int) -> list[Model]:
    parameters = candidate.hyperparameters
    architecture = family(candidate.family, edition).build(parameters)
    rate, decay = float(parameters["learning_rate"]), float(parameters.get("weight_decay", 0.0))
    if rate <= 0 or decay < 0:
        raise TrialError(
            f"learning_rate = {rate:g} and weight_decay = {decay:g}; "
            "a rate above 0 and a decay of at least 0 are needed"
        )
    return [Model(position, seed, architecture, rate, decay) for seed in seeds]


@dataclass(frozen=True)
class _Work:
    """What all stacks of a cohort are trained with.

    Attributes:
        compiled: whether the compiled kernel trains the networks that it knows.
    """

    data: Data
    budget: TrainingBudget
    checkpoints: Checkpoints
    compiled: bool
    stopping: Stopping

    def costs(self, stack: Sequence[Model]) -> float:
        """Returns the floating-point operations of a forward pass; 0 for what torch trains."""
        if not self.in_kernel(stack):
            return 0.0
        n_inputs, n_outputs = self.data.dataset.n_features, self.data.dataset.n_outputs
        return sum(model.architecture.size(n_inputs, n_outputs).flops for model in stack)

    def in_kernel(self, stack: Sequence[Model]) -> bool:
        on_cpu = self.data.device.type == "cpu" and library() is not None
        return self.compiled and on_cpu and stack[0].architecture.network in COMPILED


def _train_stacks(
    work: _Work, stacks: Sequence[list[Model]], threads: int
) -> list[dict[int, Result | str]]:
    """Trains stacks at the same time where the compiled kernel does; returns the results of each.

    After the death of a worker one stack is trained at a time, to find the faulty one.
    """
    one_by_one = threads == 1 or work.checkpoints.has_deaths
    costs = [work.costs(stack) for stack in stacks]
    own = [threads] * len(stacks) if one_by_one else shares(costs, threads)
    tasks = [
        partial(
            _train_isolated, partial(_train_stack, work, n), stack, work.checkpoints, f"{index}"
        )
        for index, (n, stack) in enumerate(zip(own, stacks, strict=True))
    ]
    in_threads = [work.in_kernel(stack) and not one_by_one for stack in stacks]
    return run_all(tasks, costs, in_threads, threads, work.stopping)


Train = Callable[[list[Model], str], dict[int, Result | str]]


def _train_isolated(
    train: Train, models: list[Model], checkpoints: Checkpoints, name: str
) -> dict[int, Result | str]:
    """Trains one stack. Returns the result, or the reason of its failure, by candidate position.

    If the stack raises, or too many workers have died while they trained it, each of its candidates
    is trained separately, so that only the faulty one fails.
    """
    candidates = list(dict.fromkeys(model.candidate for model in models))
    died = checkpoints.deaths(name)
    if died > crashes.DEATHS_ALLOWED and len(candidates) == 1:
        reason = f"{died} workers died while they trained it; out of memory is the usual cause"
        return {candidates[0]: reason}
    if died <= crashes.DEATHS_ALLOWED:
        try:
            return train(models, name)
        except SearchError:
            raise
        except Exception as error:  # the user's code: whatever it raises is this trial's failure
            if len(candidates) == 1:
                return {candidates[0]: describe(error)}
    results: dict[int, Result | str] = {}
    for candidate in candidates:
        own = [model for model in models if model.candidate == candidate]
        results |= _train_isolated(train, own, checkpoints, f"{name}-{candidate}")
    return results


def _train_stack(
    work: _Work, threads: int, models: list[Model], name: str
) -> dict[int, Result | str]:
    dataset, device = work.data.dataset, work.data.device
    stack = Stack(models, dataset.n_features, dataset.n_outputs, device)
    training = StackTraining(stack, work.data, work.budget, work.compiled, threads)

    def between_epochs(running: StackTraining) -> None:
        work.checkpoints.save(name, running)
        work.stopping.raise_if_set()

    try:
        state = work.checkpoints.begin(name)
        if state is not None:
            training.restore(state)
        training.run(between_epochs)
    finally:
        work.checkpoints.end(name)
    measured: dict[int, list[SeedOutcome]] = {}
    weights: dict[int, list[Weights]] = {}
    for model, outcome, row in zip(
        models, training.outcomes(), training.selected_weights(), strict=True
    ):
        measured.setdefault(model.candidate, []).append(outcome)
        weights.setdefault(model.candidate, []).append(row)
    return {
        candidate: (seeds, np.stack(weights[candidate])) for candidate, seeds in measured.items()
    }


def describe(error: BaseException) -> str:
    """Returns one line that says what went wrong in a trial."""
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or any(
        sign in text for sign in ("memory: you tried", "not enough memory", "out of memory")
    ):
        return f"out of memory: {text or 'allocation refused'}"
    return f"{type(error).__name__}: {text}"
