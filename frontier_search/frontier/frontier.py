"""The frontier: the complete trials that no other complete trial dominates.

It equals ``best_trials`` of the Optuna study. Members are chosen on validation means over seeds.
They are reported with their spread on validation and on test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.frontier.pareto import nondominated
from frontier_search.objective import OBJECTIVES, Objective
from frontier_search.trial import Trial, TrialState

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Spread:
    """A metric over the seeds of one trial.

    Attributes:
        mean: over seeds.
        std: sample standard deviation (n - 1), nan for one seed.
        n: number of seeds.
    """

    mean: float
    std: float
    n: int

    @property
    def standard_error(self) -> float:
        """The standard error of the mean, nan for one seed."""
        return self.std / math.sqrt(self.n) if self.n else math.nan

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """Returns the spread of some values. Without a value its mean is nan too."""
        n = len(values)
        mean = float(np.mean(values)) if n else math.nan
        return Spread(mean, float(np.std(values, ddof=1)) if n > 1 else math.nan, n)


@dataclass(frozen=True)
class Frontier:
    """The members of a search's frontier.

    Attributes:
        objectives: the search's, in order.
        members: the non-dominated complete trials, by rising params, then by number.
    """

    objectives: tuple[Objective, ...]
    members: tuple[Trial, ...]

    @staticmethod
    def of(trials: Iterable[Trial], objectives: Sequence[Objective]) -> Frontier:
        """Returns the frontier of some trials; those that are not complete are ignored."""
        complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
        if not complete:
            return Frontier(tuple(objectives), ())
        mask = nondominated(losses(complete, objectives))
        members = [trial for trial, member in zip(complete, mask, strict=True) if member]
        return Frontier(
            tuple(objectives),
            tuple(sorted(members, key=lambda trial: (trial.size["effective"], trial.number))),
        )

    def numbers(self) -> set[int]:
        """Returns the trial numbers of the members."""
        return {trial.number for trial in self.members}

    def to_frame(self) -> pd.DataFrame:
        """Returns one row for each member.

        The columns are trial, family, params; the loss and the other objectives, where they are
        measured on rows as mean and sample standard deviation over seeds, on validation and on test
        rows; the hyperparameters by their names; and seconds of training.
        """
        import pandas as pd  # here, because it takes half a second and only this method needs it

        return pd.DataFrame([self._row(member) for member in self.members])

    def _row(self, member: Trial) -> dict[str, Any]:
        row: dict[str, Any] = {"trial": member.number, "family": member.candidate.family}
        row["params"] = member.size["effective"]
        for objective in dict.fromkeys((OBJECTIVES["loss"], *self.objectives)):
            if not objective.has_splits:
                row[objective.name] = objective.of(member)
                continue
            for split in ("val", "test"):
                spread, name = Spread.of(objective.per_seed(member, split)), objective.key(split)
                row |= {name: spread.mean, f"{name}_std": spread.std}
        seconds = member.outcome.seconds if member.outcome else math.nan
        return row | dict(member.candidate.hyperparameters) | {"seconds": seconds}

    def __str__(self) -> str:
        """Returns the members as a short table: their objectives, and the test loss."""
        if not self.members:
            return "no trial is complete yet, so the frontier is empty."
        names = ["trial", "family", *(objective.name for objective in self.objectives), "test loss"]
        lines = [names, *map(self._line, self.members)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if name == "family" else cell.rjust(width)
                for name, cell, width in zip(names, line, widths, strict=True)
            ).rstrip()
            for line in lines
        )

    def _line(self, member: Trial) -> list[str]:
        values = [objective.of(member) for objective in self.objectives]
        test_loss = Spread.of(OBJECTIVES["loss"].per_seed(member, "test")).mean
        numbers = [
            f"{value:,.0f}" if objective.known else f"{value:.4g}"
            for objective, value in zip(self.objectives, values, strict=True)
        ]
        return [str(member.number), member.candidate.family, *numbers, f"{test_loss:.4g}"]


def losses(trials: Sequence[Trial], objectives: Sequence[Objective]) -> NDArray[np.float64]:
    """Returns the objectives of complete trials, (n_trials, n_objectives), minimised.

    Those of the search are recorded; others follow from what the trial measured.
    """
    rows = [[each.to_minimised(_value(trial, each)) for each in objectives] for trial in trials]
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), len(objectives))


def _value(trial: Trial, objective: Objective) -> float:
    recorded = trial.objectives.get(objective.name)
    return objective.of(trial) if recorded is None else recorded
