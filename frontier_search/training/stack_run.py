"""One stack of a cohort in training, from rung to rung.

A failure stays with the candidate that caused it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontier_search.curve import NO_CURVE, Curve
from frontier_search.data.dataset import TrainingBudget
from frontier_search.errors import SearchError
from frontier_search.objective import Objective
from frontier_search.training import crashes
from frontier_search.training.checkpoints import Checkpoints
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.threads import Stopping, Threads
from frontier_search.training.train import StackTraining
from frontier_search.trial import SeedOutcome

Weights = NDArray[np.float32]
# of one candidate: weights are (n_seeds, P), the curve has the training loss
Result = tuple[list[SeedOutcome], Weights, Curve]
Curves = list[NDArray[np.float64]]  # of one candidate, the validation losses of each seed so far


@dataclass(frozen=True)
class Work:
    """What all stacks of a cohort are trained with.

    Attributes:
        compiled: whether the compiled kernel trains the networks that it knows.
        stopping: set when the cohort cannot be finished.
        objectives: of the search.
        threads: of the worker.
        torch_compile: whether ``torch.compile`` makes programs of what torch trains.
    """

    data: Data
    budget: TrainingBudget
    checkpoints: Checkpoints
    compiled: bool
    stopping: Stopping
    objectives: tuple[Objective, ...]
    threads: Threads
    torch_compile: bool


class StackRun:
    """A stack in training.

    If the stack raises, or too many workers have died while they trained it, each of its candidates
    is trained separately, so that only the faulty one fails.

    Args:
        work: of the cohort.
        models: of one shape.
        name: of its checkpoints.
    """

    def __init__(self, work: Work, models: Sequence[Model], name: str) -> None:
        self.models, self.name = list(models), name
        self._work = work
        self._training: StackTraining | None = None
        self._parts: list[StackRun] = []
        self._failure: str | None = None
        self._stopped: dict[int, int] = {}  # candidate -> the epoch after which it was stopped
        self._to_stop: list[int] = []  # models that are stopped before the next epoch
        self._results: dict[int, Result] = {}

    @property
    def candidates(self) -> list[int]:
        return list(dict.fromkeys(model.candidate for model in self.models))

    def advance(self, epoch: int, file: str) -> None:
        """Trains until an epoch is over.

        Args:
            file: what the names of checkpoints of this part of the training end with.

        Raises:
            SearchError: the checkpoints cannot be written.
        """
        if self._failure is None and not self._parts:
            self._advance_whole(epoch, file)
        for part in self._parts:
            part.advance(epoch, file)

    def _advance_whole(self, epoch: int, file: str) -> None:
        died, failure = self._work.checkpoints.deaths(self.name), None
        if died > crashes.DEATHS_ALLOWED:
            failure = f"{died} workers died while they trained it; out of memory is the usual cause"
        else:
            try:
                self._train(epoch, file)
            except SearchError:
                raise
            except Exception as error:  # the user's code: whatever it raises is a trial's failure
                failure = describe(error)
        if failure is not None and len(self.candidates) == 1:
            self._failure = failure
        elif failure is not None:
            self._split()

    def _split(self) -> None:
        self._training = None
        for candidate in self.candidates:
            own = [model for model in self.models if model.candidate == candidate]
            part = StackRun(self._work, own, f"{self.name}-{candidate}")
            part._stopped = {c: e for c, e in self._stopped.items() if c == candidate}
            self._parts.append(part)

    def _train(self, epoch: int, file: str) -> None:
        work, name = self._work, self.name + file
        if self._training is None:
            dataset, device = work.data.dataset, work.data.device
            stack = Stack(self.models, dataset.n_features, dataset.n_outputs, device)
            self._training = StackTraining(
                stack,
                work.data,
                work.budget,
                work.compiled,
                work.threads,
                work.objectives,
                work.torch_compile,
            )
        self._training.stop(self._to_stop)
        self._to_stop = []
        last = self._stopped.get(self.candidates[0], epoch) if len(self.candidates) == 1 else epoch

        def between_epochs(running: StackTraining) -> None:
            work.checkpoints.save(name, running, running.epoch >= last)
            work.stopping.raise_if_set()

        try:
            state = work.checkpoints.begin(self.name, name)
            if state is not None:
                self._training.restore(state)
            self._training.run(between_epochs, min(last, epoch))
        finally:
            work.checkpoints.end(self.name)
        if epoch == work.budget.epochs:
            self._results = _measured(self.models, self._training)

    def curves(self) -> dict[int, Curves]:
        """Returns the validation losses so far of each candidate that still runs."""
        if self._parts:
            return {c: curves for part in self._parts for c, curves in part.curves().items()}
        if self._failure is not None or self._training is None:
            return {}
        losses = self._training.val_losses()
        found: dict[int, Curves] = {}
        for model, curve in zip(self.models, losses, strict=True):
            if model.candidate not in self._stopped:
                found.setdefault(model.candidate, []).append(curve)
        return found

    def stop(self, candidates: Collection[int], epoch: int) -> None:
        """Stops some candidates, others than those of this stack included, after an epoch."""
        own = [c for c in self.candidates if c in candidates and c not in self._stopped]
        self._stopped |= dict.fromkeys(own, epoch)
        for part in self._parts:
            part.stop(candidates, epoch)
        self._to_stop += [i for i, model in enumerate(self.models) if model.candidate in own]

    def results(self) -> dict[int, Result | str]:
        """Returns the result, or the reason of its failure, by candidate position."""
        if self._parts:
            return {c: found for part in self._parts for c, found in part.results().items()}
        if self._failure is not None:
            return dict.fromkeys(self.candidates, self._failure)
        return dict(self._results)


def _measured(models: Sequence[Model], training: StackTraining) -> dict[int, Result]:
    """Returns what a stack measured and learned, by candidate position."""
    own: dict[int, list[int]] = {}
    for i, model in enumerate(models):
        own.setdefault(model.candidate, []).append(i)
    outcomes, weights = training.outcomes(), training.selected_weights()
    losses = training.train_losses()
    return {
        candidate: (
            [outcomes[i] for i in chosen],
            weights[chosen],
            _mean(losses[chosen], outcomes[chosen[0]].epochs),
        )
        for candidate, chosen in own.items()
    }


def _mean(losses: NDArray[np.float64], epochs: int) -> Curve:
    """Returns the mean over seeds (S, epochs) until an epoch; no curve where nothing is known."""
    mean = losses[:, :epochs].mean(axis=0)
    return NO_CURVE if np.isnan(mean).all() else Curve.of(mean)


def describe(error: BaseException) -> str:
    """Returns one line that says what went wrong in a trial."""
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or any(
        sign in text for sign in ("memory: you tried", "not enough memory", "out of memory")
    ):
        return f"out of memory: {text or 'allocation refused'}"
    return f"{type(error).__name__}: {text}"
