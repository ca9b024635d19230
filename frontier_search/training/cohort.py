"""Trains a cohort: its candidates on all seeds, stack by stack.

A failure stays with the candidate that caused it.
"""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from frontier_search.curve import NO_CURVE, Curve
from frontier_search.data.dataset import TrainingBudget
from frontier_search.errors import SpecError, TrialError
from frontier_search.export.numbers import FLOAT, NUMBERS, numbers_in
from frontier_search.models.editions import EDITION, family, trains_compiled
from frontier_search.models.family import Architecture
from frontier_search.models.program import COMPILED
from frontier_search.objective import Objective, Timed
from frontier_search.race import Race, log_loss
from frontier_search.training import fitting, metrics
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.kernels.library import library
from frontier_search.training.quantised import Remeasured
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, group
from frontier_search.training.stack_run import StackRun, Weights, Work, describe
from frontier_search.training.threads import ONE_THREAD, Stopping, Threads, run_all
from frontier_search.trial import Candidate, Cohort, Outcome, SeedOutcome


@dataclass(frozen=True)
class Trained:
    """What training a cohort gives.

    Attributes:
        outcomes: one for each candidate, in the cohort's order.
        weights: trial number -> (n_seeds, P) learned scalars of the selected epoch, in the order of
            the network's ``learned``; of what is fitted, bytes, see ``fitting.unpack``.
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
    threads: Threads = ONE_THREAD,
    stopping: Stopping | None = None,
    torch_compile: bool = False,
) -> Trained:
    """Trains every candidate of a cohort on every seed of ``data``.

    Args:
        objectives: of the search. Those that are measured once for each candidate, or on all rows
            of a split at once, are measured only if they are listed here.
        edition: of the search, see ``models.editions``.
        threads: of the worker, which other cohorts may share. The result does not depend on them.
        stopping: ends training between two epochs, with KeyboardInterrupt, when it is set.
        torch_compile: whether ``torch.compile`` makes programs of what torch trains.

    A candidate fails with the reason if its model cannot be built, its code raises, or it runs out
    of memory. The other candidates are not affected.

    Raises:
        SearchError: the checkpoints cannot be written.
    """
    failures: dict[int, str] = {}
    models: list[Model] = []
    fits: dict[int, Architecture] = {}  # of what is fitted in one go
    trained_as = _trained_as(cohort, edition)
    for position, candidate in enumerate(cohort.candidates):
        if trained_as[position] != position:
            continue
        try:
            kind = family(candidate.family, edition)
            if kind.fitted:
                fits[position] = kind.build(candidate.hyperparameters)
            else:
                models += _models(position, candidate, data.seeds, edition)
        except (SpecError, TrialError) as error:
            failures[position] = str(error)
        except Exception as error:  # the user's code: whatever it raises is this trial's failure
            failures[position] = describe(error)
    measured: dict[int, list[SeedOutcome]] = {}
    weights: dict[int, Weights] = {}
    curves: dict[int, Curve] = {}
    compiled, stopping = trains_compiled(edition, data.is_plain), stopping or Stopping()
    parts = (data, budget, checkpoints, compiled, stopping, tuple(objectives))
    work = Work(*parts, threads, torch_compile)
    runs = [StackRun(work, stack, f"{i}") for i, stack in enumerate(group(models))]
    race, stopped, audited = cohort.race, dict[int, int](), dict[int, int]()
    for rung in race.fronts if race else ():
        assert race is not None
        _advance(work, runs, cohort.index, rung, f"-until-{rung}")
        behind, drawn = _race(race, runs, rung)
        behind = [position for position in behind if position not in audited]
        if drawn is not None and not audited:
            audited[drawn] = rung
            behind.remove(drawn)
        stopped |= dict.fromkeys(behind, rung)
        for run in runs:
            run.stop(behind, rung)
    _advance(work, runs, cohort.index, budget.epochs, "")
    for run in runs:
        for position, result in run.results().items():
            if isinstance(result, str):
                failures[position] = result
            else:
                measured[position], weights[cohort.numbers[position]], curves[position] = result
    for position, first in enumerate(trained_as):
        if first in failures:
            failures[position] = failures[first]
        elif first in measured:
            measured[position] = measured[first]
            curves[position] = curves[first]
            weights[cohort.numbers[position]] = weights[cohort.numbers[first]]
    failures |= _in_own_formats(cohort, measured, weights, Remeasured(data, objectives), edition)
    sizes: dict[int, dict[str, int]] = {}
    for position, architecture in fits.items():
        try:
            seeds, packed, sizes[position] = fitting.fit(architecture, data, budget, objectives)
            measured[position], weights[cohort.numbers[position]] = seeds, packed
        except Exception as error:  # the user's code: whatever it raises is this trial's failure
            failures[position] = describe(error)
    asked = [objective for objective in objectives if isinstance(objective.source, Timed)]
    for position, seeds in measured.items() if asked else ():
        if position in fits:
            continue
        (model,) = _models(position, cohort.candidates[position], data.seeds[:1], edition)
        timed = metrics.timed(asked, model, data)
        measured[position] = [replace(seed, metrics={**seed.metrics, **timed}) for seed in seeds]
    worker = f"{socket.gethostname()}:{os.getpid()}"
    positions = range(len(cohort.candidates))
    return Trained(
        tuple(
            Outcome(
                tuple(measured.get(i, ())),
                failures.get(i),
                worker,
                stopped.get(i),
                audited.get(i),
                sizes.get(i),
                curves.get(i, NO_CURVE),
            )
            for i in positions
        ),
        weights,
    )


def _trained_as(cohort: Cohort, edition: int) -> list[int]:
    """Returns for each candidate the position of the first one whose training is its own too.

    They are equal but for the number format, which training does not know. In a race every
    candidate runs for itself, because those that are stopped depend on their number. So does one
    that torch trains, whose last bits depend on the stack; but no search of sequences with formats
    is older than this.
    """
    first: dict[str, int] = {}
    found = []
    for position, candidate in enumerate(cohort.candidates):
        rest = {k: v for k, v in candidate.hyperparameters.items() if k != NUMBERS}
        same = repr((candidate.family, sorted(rest.items())))
        shared = NUMBERS in candidate.hyperparameters and not cohort.race
        shared = shared and _unmoved(candidate, edition)
        found.append(first.setdefault(same, position) if shared else position)
    return found


def _unmoved(candidate: Candidate, edition: int) -> bool:
    """Returns whether a candidate may be trained in another stack than it was."""
    try:
        kind = family(candidate.family, edition)
        return kind.sequence or kind.build(candidate.hyperparameters).network in COMPILED
    except Exception:  # the user's code: it fails again, and says so, when it is trained
        return False


def _in_own_formats(
    cohort: Cohort,
    measured: dict[int, list[SeedOutcome]],
    weights: Mapping[int, Weights],
    remeasured: Remeasured,
    edition: int,
) -> dict[int, str]:
    """Measures candidates that have a number format in it, in place, and returns failures."""
    failures = {}
    for position, seeds in list(measured.items()):
        candidate, own = cohort.candidates[position], weights[cohort.numbers[position]]
        numbers = numbers_in(candidate.hyperparameters)
        if numbers == FLOAT:
            continue
        try:
            built = family(candidate.family, edition).build(candidate.hyperparameters)
            measured[position] = remeasured.of(built, numbers, seeds, own)
        except Exception as error:  # an own emitter may raise anything
            failures[position] = describe(error)
            del measured[position]
    return failures


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


def _race(race: Race, runs: Sequence[StackRun], rung: int) -> tuple[list[int], int | None]:
    """Returns the candidates that are stopped after a rung, and the one that is audited."""
    curves = {c: found for run in runs for c, found in run.curves().items()}
    losses = {c: log_loss(found, rung, race.best) for c, found in sorted(curves.items())}
    behind = race.behind(rung, losses)
    # one that has diverged fails, and its training to the end would say nothing
    sound = [c for c in behind if math.isfinite(losses[c])]
    return behind, race.audited(sound) if sound else None


def _advance(work: Work, runs: Sequence[StackRun], cohort: int, epoch: int, file: str) -> None:
    """Trains stacks until an epoch is over, at the same time where the compiled kernel does.

    The most expensive begins first, so that the threads end together. After the death of a worker
    one stack is trained at a time, to find the faulty one.
    """
    one_by_one = work.threads.count == 1 or work.checkpoints.has_deaths
    tasks = [partial(run.advance, epoch, file) for run in runs]
    urgencies = [(cohort, -_cost(work, run.models)) for run in runs]
    in_threads = [_in_kernel(work, run.models) and not one_by_one for run in runs]
    run_all(tasks, urgencies, in_threads, work.threads, work.stopping)


def _cost(work: Work, stack: Sequence[Model]) -> float:
    """Returns the floating-point operations of a forward pass; 0 for what torch trains."""
    if not _in_kernel(work, stack):
        return 0.0
    n_inputs, n_outputs = work.data.dataset.n_features, work.data.dataset.n_outputs
    return sum(model.architecture.size(n_inputs, n_outputs).flops for model in stack)


def _in_kernel(work: Work, stack: Sequence[Model]) -> bool:
    on_cpu = work.data.device.type == "cpu" and library() is not None
    return work.compiled and on_cpu and stack[0].architecture.network in COMPILED
