"""The table of objectives. An objective is one row here, and nothing else names its metric.

A *known* objective follows from the candidate before training: a count in closed form. All others
are *measured*: the mean over seeds of what the trained models do on the validation rows. The row
says where the value comes from (``Source``), so training measures it, and every table and figure
reads it with ``Objective.of`` and ``Objective.per_seed``. Signs are flipped only here: everything
inside is minimised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from frontier_search.errors import unknown
from frontier_search.trial import SPLITS, Trial

Targets = Literal["any", "classes", "numbers"]


@dataclass(frozen=True)
class Counted:
    """Known before training.

    Attributes:
        field: the field of ``Size``, or of what a model costs on a device.
        on_device: whether it depends on the device of the search.
    """

    field: str
    on_device: bool = False


@dataclass(frozen=True)
class RowMean:
    """Measured for every trial on every split, as a mean over rows.

    Attributes:
        per_row: import path, ``module:NAME``, of a function of the task, the outputs (M, o, n) of M
            models and the targets (M, n), that gives the value of every row, (M, n). A path and not
            the function itself, because commands that only read must not load torch.
    """

    per_row: str


@dataclass(frozen=True)
class FromMean:
    """Measured for every trial on every split, as a function of another metric's mean over rows.

    Attributes:
        metric: the name of the other metric.
        function: gives the value from that mean, both of one model.
    """

    metric: str
    function: Callable[[float], float]


@dataclass(frozen=True)
class OnSplit:
    """Measured on every split, from all its rows at once, where the search asks for it.

    Attributes:
        measure: import path, ``module:NAME``, of a function of the task, the outputs (M, o, n) of M
            models, the targets (M, n), or (M, n, o) for several, the weights of the rows (M, n) and
            the unit of each target (M, o), that gives one value a model, (M,).
    """

    measure: str


@dataclass(frozen=True)
class Timed:
    """Measured once for each candidate, and only where the search asks for it.

    Attributes:
        measure: import path, ``module:NAME``, of a function of one untrained ``Model`` and the
            ``Data`` that gives the value.
    """

    measure: str


Source = Counted | RowMean | FromMean | OnSplit | Timed


@dataclass(frozen=True)
class Objective:
    """A value to optimise, with a direction and a unit.

    Attributes:
        name: what the user types, and the key of the value in every file.
        label: its name on the axis of a figure.
        unit: unit of its value; ``"task loss"`` is the dataset's own unit.
        direction: which way is better.
        source: where its value comes from.
        description: one line for the table.
        log: whether it is drawn, and its hypervolume measured, on a log10 axis.
        targets: what the rows of a dataset must have as targets for it to be defined.
    """

    name: str
    label: str
    unit: str
    direction: Literal["minimise", "maximise"]
    source: Source
    description: str
    log: bool = False
    targets: Targets = "any"

    @property
    def known(self) -> bool:
        """Whether it follows from the candidate before training."""
        return isinstance(self.source, Counted)

    @property
    def on_device(self) -> bool:
        """Whether it depends on the core that the models run on."""
        return isinstance(self.source, Counted) and self.source.on_device

    @property
    def has_splits(self) -> bool:
        """Whether it is measured on the training, validation and test rows separately."""
        return isinstance(self.source, RowMean | FromMean | OnSplit)

    def fits(self, task: str) -> bool:
        """Whether it is defined for the targets of a task."""
        return self.targets == "any" or (self.targets == "numbers") == (task == "regression")

    def to_minimised(self, value: float) -> float:
        """Returns what the samplers and the storage see: smaller is better."""
        return value if self.direction == "minimise" else -value

    def from_minimised(self, value: float) -> float:
        """Returns what the user sees."""
        return value if self.direction == "minimise" else -value

    def key(self, split: str) -> str:
        """Returns the key of a measured value in ``SeedOutcome.metrics``, e.g. ``test_loss``.

        A value without splits is kept under ``val``.
        """
        return f"{split if self.has_splits else 'val'}_{self.name}"

    def count(self, size: Mapping[str, int]) -> int:
        """Returns the value of a known objective.

        Args:
            size: raw, effective, flops and bytes of a candidate.

        Raises:
            TypeError: the objective is measured.
        """
        if not isinstance(self.source, Counted):
            raise TypeError(f"objective {self.name} is measured, so no size gives its value")
        return size[self.source.field]

    def counts(self, trial: Trial) -> bool:
        """Returns whether it is a count that is known of a trial.

        What a model costs on a device is known only where the search has one.
        """
        return isinstance(self.source, Counted) and self.source.field in trial.size

    def per_seed(self, trial: Trial, split: str = "val") -> list[float]:
        """Returns the values of a trial as the user sees them, in the order of its seeds.

        A count is the same for every seed. Seeds without the value are left out.
        """
        if self.known:
            return [float(self.count(trial.size))] * len(trial.seeds)
        return trial.per_seed(self.key(split))

    def of(self, trial: Trial) -> float:
        """Returns the value on which a trial is judged, as the user sees it.

        That is the count, or the mean over seeds on validation; nan when a seed has no value.
        """
        if self.known:
            return float(self.count(trial.size))
        values = self.per_seed(trial)
        return sum(values) / len(values) if 0 < len(values) == len(trial.seeds) else math.nan


def _score(name: str, description: str, targets: Targets, unit: str = "fraction") -> Objective:
    """Returns the row of a metric of ``training.scores``."""
    return Objective(
        name,
        name.replace("_", " "),
        unit,
        "minimise",
        OnSplit(f"frontier_search.training.scores:{name}"),
        f"{description} ({'classification' if targets == 'classes' else 'regression'} only)",
        targets=targets,
    )


OBJECTIVES: dict[str, Objective] = {
    objective.name: objective
    for objective in (
        Objective(
            "loss",
            "loss",
            "task loss",
            "minimise",
            RowMean("frontier_search.training.loss:row_losses"),
            "validation loss: mean squared error, log loss or cross-entropy",
        ),
        Objective(
            "error",
            "error",
            "fraction",
            "minimise",
            RowMean("frontier_search.training.loss:mistakes"),
            "validation misclassification rate (classification only)",
            targets="classes",
        ),
        Objective(
            "accuracy",
            "accuracy",
            "fraction",
            "maximise",
            FromMean("error", lambda error: 1 - error),
            "validation accuracy (classification only)",
            targets="classes",
        ),
        _score("balanced_error", "mean misclassification rate over classes", "classes"),
        _score("auc_loss", "1 - area under the ROC curve, mean over classes", "classes"),
        _score("f1_loss", "1 - F1 of the second class, or mean over more classes", "classes"),
        _score("brier", "squared distance of probabilities to the truth", "classes", "squared"),
        _score("rmse", "root of the mean squared error", "numbers", "target units"),
        _score("mae", "mean absolute error", "numbers", "target units"),
        _score("r2_loss", "1 - R2: share of the variance that is left", "numbers"),
        _score("quantile_10", "pinball loss of the 10 % quantile", "numbers", "target units"),
        _score("quantile_90", "pinball loss of the 90 % quantile", "numbers", "target units"),
        Objective(
            "latency_ms",
            "latency",
            "ms",
            "minimise",
            Timed("frontier_search.training.metrics:latency_ms"),
            "time of one forward pass of one row; differs from run to run",
            log=True,
        ),
        Objective(
            "params",
            "learned parameters",
            "scalars",
            "minimise",
            Counted("effective"),
            "learned parameters, without those structurally held at zero",
            log=True,
        ),
        Objective(
            "raw_params",
            "raw params",
            "scalars",
            "minimise",
            Counted("raw"),
            "every scalar that gradient training may change",
            log=True,
        ),
        Objective(
            "flops",
            "flops",
            "flops",
            "minimise",
            Counted("flops"),
            "floating-point operations of one forward pass of one row",
            log=True,
        ),
        Objective(
            "bytes",
            "bytes",
            "bytes",
            "minimise",
            Counted("bytes"),
            "bytes to store: learned float32 scalars, and the rule or the seed of what is fixed",
            log=True,
        ),
        *(
            Objective(
                name, name.replace("_", " "), unit, "minimise", Counted(name, True), what, log=True
            )
            for name, unit, what in (
                ("flash", "bytes", "code and constants in C, on the --device"),
                ("ram", "bytes", "variables and the deepest stack in C, on the --device"),
                ("instructions", "instructions", "of one row in C, on the --device; not cycles"),
                ("stored_bytes", "bytes", "constants in C, for the --device"),
            )
        ),
    )
}


def with_derived(means: Mapping[str, float], task: str) -> dict[str, float]:
    """Adds to one model's means over rows, by metric, those metrics that follow from them."""
    found = dict(means)
    for objective in OBJECTIVES.values():
        source = objective.source
        if isinstance(source, FromMean) and source.metric in found and objective.fits(task):
            found[objective.name] = source.function(found[source.metric])
    return found


def metric_keys() -> list[str]:
    """Returns the keys of all measured values, split by split, then those without splits."""
    measured = [objective for objective in OBJECTIVES.values() if not objective.known]
    split = [o.key(split) for split in SPLITS for o in measured if o.has_splits]
    return [*split, *(o.key("val") for o in measured if not o.has_splits)]


def device_problem(name: str, device: str | None) -> str | None:
    """Returns why an objective or a bound is not defined without a device, or None."""
    if device is not None or name not in OBJECTIVES or not OBJECTIVES[name].on_device:
        return None
    return (
        f"{name!r} depends on the core that the model runs on; name it with --device, "
        "e.g. --device cortex-m0plus."
    )


def objective_problems(names: Iterable[str], task: str | None) -> list[str]:
    """Returns a sentence for each mistake in a list of objectives.

    Args:
        task: the dataset's; None when the dataset is unknown.
    """
    listed = list(names)
    problems = [unknown("objective", name, OBJECTIVES) for name in listed if name not in OBJECTIVES]
    problems += [
        f"objective {name!r} is listed twice; list it once."
        for name in dict.fromkeys(listed)
        if listed.count(name) > 1
    ]
    if not listed:
        problems.append(f"no objective given; list one or more of {', '.join(OBJECTIVES)}.")
    if task is not None:
        dataset = "a regression" if task == "regression" else task
        problems += [
            f"objective {name!r} needs {OBJECTIVES[name].targets}, "
            f"and the dataset is {dataset}; use loss."
            for name in listed
            if name in OBJECTIVES and not OBJECTIVES[name].fits(task)
        ]
    return problems
