"""The frozen nouns of an evaluation: Candidate, Cohort, SeedOutcome, Outcome, Trial.

Metrics such as the loss are means over the rows of a split. ``seconds`` is wall-clock time.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.curve import NO_CURVE, Curve
from frontier_search.race import Race
from frontier_search.space import Value

SPLITS = ("train", "val", "test")


class TrialState(StrEnum):
    """Optuna's states, by Optuna's names."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAIL = "fail"

    @property
    def finished(self) -> bool:
        return self in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


@dataclass(frozen=True)
class Candidate:
    """One point: a family and its hyperparameters, without an outcome."""

    family: str
    hyperparameters: Mapping[str, Value]

    def to_json(self) -> dict[str, Any]:
        return {"family": self.family, "hyperparameters": dict(self.hyperparameters)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Candidate:
        return Candidate(data["family"], dict(data["hyperparameters"]))


@dataclass(frozen=True)
class Cohort:
    """The candidates proposed and trained together.

    Attributes:
        index: 0, 1, 2, ... in the order in which cohorts are proposed.
        numbers: the trial number of each candidate.
        candidates: what to train, in the order of ``numbers``.
        race: what decides which of them are stopped early, or None.
    """

    index: int
    numbers: tuple[int, ...]
    candidates: tuple[Candidate, ...]
    race: Race | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "numbers": list(self.numbers),
            "candidates": [c.to_json() for c in self.candidates],
            **({"race": self.race.to_json()} if self.race else {}),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Cohort:
        return Cohort(
            data["index"],
            tuple(data["numbers"]),
            tuple(Candidate.from_json(c) for c in data["candidates"]),
            Race.from_json(data["race"]) if "race" in data else None,
        )


@dataclass(frozen=True)
class AtBudget:
    """What one model measured when a smaller number of epochs was over.

    Attributes:
        epoch: the epoch selected among those until then, counted from 1.
        metrics: ``{split}_{objective}`` -> value at that epoch.
    """

    epoch: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class SeedOutcome:
    """What one trained model measured, at the epoch that the search selects.

    Attributes:
        metrics: ``{split}_{objective}`` -> value, e.g. ``val_loss``, for measured objectives.
        epoch: the selected epoch, counted from 1. 0 is the untrained model.
        epochs: how many epochs were trained.
        seconds: this model's share of its stack's wall-clock time.
        diverged_epoch: the first epoch whose training loss was not finite, or None.
        val_losses: the validation loss of every epoch; empty for an outcome of an earlier version.
        budgets: what it had measured at each smaller budget of the search, by epochs, rising.
    """

    seed: int
    metrics: Mapping[str, float]
    epoch: int
    epochs: int
    seconds: float
    diverged_epoch: int | None = None
    val_losses: Curve = NO_CURVE
    budgets: Mapping[int, AtBudget] = field(default_factory=dict)

    def at(self, epochs: int) -> SeedOutcome:
        """Returns the outcome of a training that ended at one of the budgets, or at the last epoch.

        The seconds are shared out by epochs.

        Raises:
            KeyError: nothing was measured after so many epochs.
        """
        if epochs == self.epochs:
            return self
        then, diverged = self.budgets[epochs], self.diverged_epoch
        return SeedOutcome(
            self.seed,
            {**self.metrics, **then.metrics},
            then.epoch,
            epochs,
            self.seconds * epochs / self.epochs,
            diverged if diverged is not None and diverged <= epochs else None,
            self.val_losses.first(epochs),
            {budget: at for budget, at in self.budgets.items() if budget < epochs},
        )

    def to_json(self, curve: bool = False) -> dict[str, Any]:
        """Returns the form that ``trials --format json`` prints.

        Args:
            curve: whether it has the validation loss of every epoch, as ``val_losses``.
        """
        budgets = {str(n): {"epoch": at.epoch, **at.metrics} for n, at in self.budgets.items()}
        return {
            "seed": self.seed,
            **self.metrics,
            "epoch": self.epoch,
            "epochs": self.epochs,
            "seconds": self.seconds,
            "diverged_epoch": self.diverged_epoch,
            **({"budgets": budgets} if budgets else {}),
            **({"val_losses": self.val_losses.values().tolist()} if curve else {}),
        }

    def to_record(self) -> dict[str, Any]:
        """Returns the form that is stored.

        ``curve`` is the text of ``Curve``. ``budgets`` has the epoch and the metrics of each
        budget as one list. Its metrics are the first ones of the outcome, in their order.
        """
        budgets = {str(n): [at.epoch, *at.metrics.values()] for n, at in self.budgets.items()}
        return {
            **self.to_json(),
            **({"curve": self.val_losses.text} if self.val_losses.text else {}),
            **({"budgets": budgets} if budgets else {}),
        }

    @staticmethod
    def from_record(data: Mapping[str, Any]) -> SeedOutcome:
        own = {"seed", "epoch", "epochs", "seconds", "diverged_epoch", "curve", "budgets"}
        metrics = {key: value for key, value in data.items() if key not in own}
        budgets = {
            int(n): AtBudget(epoch, dict(zip(metrics, values, strict=False)))
            for n, (epoch, *values) in data.get("budgets", {}).items()
        }
        return SeedOutcome(
            data["seed"],
            metrics,
            data["epoch"],
            data["epochs"],
            data["seconds"],
            data["diverged_epoch"],
            Curve(data.get("curve", NO_CURVE.text)),
            budgets,
        )


@dataclass(frozen=True)
class Outcome:
    """What one trial measured on all its seeds, or why it failed.

    Attributes:
        seeds: one entry for each seed, in the search's order. Empty when nothing was trained.
        failure: the reason, or None.
        worker: the host and the process that trained it.
        stopped: the epoch after which the race of its cohort stopped it, or None.
        audited: the epoch after which it would have been stopped, had it not been drawn for an
            audit, or None.
        size: what a trial's size turned out to be, where fitting decides it: means over seeds.
        train_losses: the training loss of every epoch, mean over seeds; empty where there are no
            epochs and for an outcome of an earlier version.
    """

    seeds: tuple[SeedOutcome, ...]
    failure: str | None = None
    worker: str = ""
    stopped: int | None = None
    audited: int | None = None
    size: Mapping[str, int] | None = None
    train_losses: Curve = NO_CURVE

    @property
    def seconds(self) -> float:
        return sum(seed.seconds for seed in self.seeds)

    def to_json(self) -> dict[str, Any]:
        return {
            "seeds": [seed.to_record() for seed in self.seeds],
            "failure": self.failure,
            "worker": self.worker,
            **({"stopped": self.stopped} if self.stopped is not None else {}),
            **({"audited": self.audited} if self.audited is not None else {}),
            **({"size": dict(self.size)} if self.size is not None else {}),
            **({"train_curve": self.train_losses.text} if self.train_losses.text else {}),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Outcome:
        return Outcome(
            tuple(SeedOutcome.from_record(s) for s in data["seeds"]),
            data["failure"],
            data["worker"],
            data.get("stopped"),
            data.get("audited"),
            data.get("size"),
            Curve(data.get("train_curve", NO_CURVE.text)),
        )


@dataclass(frozen=True)
class Trial:
    """The numbered evaluation of one candidate on all seeds.

    Attributes:
        uid: ``<search>/<number>``, its name in every table, file and MLflow run.
        size: raw, effective, flops and bytes: known before training, or, of what is fitted in one
            go, the least that they can be until it is.
        objectives: the values as the user sees them, by objective. Empty unless complete.
        outcome: None until it is recorded.
        reason: why it failed or was pruned, or None.
        started_at, finished_at: seconds since the epoch, UTC, or None.
    """

    number: int
    uid: str
    cohort: int
    state: TrialState
    candidate: Candidate
    size: Mapping[str, int]
    objectives: Mapping[str, float]
    outcome: Outcome | None = None
    reason: str | None = None
    started_at: float | None = None
    finished_at: float | None = None

    @property
    def seeds(self) -> tuple[SeedOutcome, ...]:
        return self.outcome.seeds if self.outcome else ()

    def measured(self, outcome: Outcome | None) -> Trial:
        """Returns the trial with an outcome, and with the size that it has measured."""
        return replace(self, outcome=outcome, size=measured_size(self.size, outcome))

    def per_seed(self, metric: str) -> list[float]:
        """Returns one metric, e.g. ``"val_loss"``, in the order of the seeds that have it."""
        return [seed.metrics[metric] for seed in self.seeds if metric in seed.metrics]

    def median_seed(self) -> int:
        """Returns the index of the seed with the median validation loss.

        Of an even number of seeds it is the lower one of the middle two. So its model is a typical
        one and not a lucky one.
        """
        values = self.per_seed("val_loss")
        return values.index(statistics.median_low(values))

    def train_losses(self) -> NDArray[np.float32]:
        """Returns the mean over seeds of the training loss of every epoch, empty if not kept."""
        return (self.outcome.train_losses if self.outcome else NO_CURVE).values()

    def to_json(self, curves: bool = False) -> dict[str, Any]:
        """Returns the form that ``trials --format json`` prints.

        Times and hosts have keys of their own, so that two searches can be compared without them.

        Args:
            curves: whether each seed has its learning curve, and the trial has ``train_losses``,
                the mean over seeds.
        """
        return {
            "trial": self.number,
            "uid": self.uid,
            "state": str(self.state),
            "cohort": self.cohort,
            **self.candidate.to_json(),
            "objectives": dict(self.objectives),
            "size": dict(self.size),
            "seeds": [seed.to_json(curves) for seed in self.seeds],
            **({"train_losses": self.train_losses().tolist()} if curves else {}),
            "reason": self.reason,
            "seconds": self.outcome.seconds if self.outcome else None,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "worker": self.outcome.worker if self.outcome else None,
        }


def measured_size(size: Mapping[str, int], outcome: Outcome | None) -> Mapping[str, int]:
    """Returns the size of a trial with an outcome: what it has measured, or else its own."""
    return size if outcome is None or outcome.size is None else outcome.size


def learning_curves(trial: Trial, most: int) -> dict[str, dict[int, float]]:
    """Returns the means over seeds of the losses at some epochs: ``val_loss`` -> epoch -> value.

    The epochs are evenly spaced, the first and the last among them. ``train_loss`` has the same
    ones. A curve that was not kept is missing, and so is one of fewer than two epochs.

    Args:
        most: how many epochs at most.
    """
    by_seed = [seed.val_losses.values() for seed in trial.seeds]
    epochs = min(map(len, by_seed), default=0)
    if epochs < 2:
        return {}
    val = np.array([curve[:epochs] for curve in by_seed], dtype=np.float64)
    means = {"val_loss": val.mean(axis=0)}
    train = trial.train_losses()
    if len(train) >= epochs:
        means["train_loss"] = train.astype(np.float64)
    at = np.unique(np.linspace(0, epochs - 1, min(epochs, most)).astype(int))
    return {name: {int(i) + 1: float(mean[i]) for i in at} for name, mean in means.items()}


def flatten(data: Any, prefix: str = "") -> dict[str, Any]:
    """Returns the CSV form of a trial.

    Nested mappings and lists become one mapping whose keys are joined with dots, such as
    ``seeds.0.val_loss``.
    """
    if isinstance(data, Mapping):
        items: Any = data.items()
    elif isinstance(data, list | tuple):
        items = enumerate(data)
    else:
        return {prefix: data}
    flat: dict[str, Any] = {}
    for key, value in items:
        flat |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return flat
