"""The frontier: the complete trials that no other complete trial dominates.

It equals ``best_trials`` of the Optuna study. Members are chosen on validation means over seeds.
They are reported with their spread on validation and on test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.frontier.pareto import nondominated
from frontier_search.objective import OBJECTIVES, Objective, device_problem
from frontier_search.search.bound import Bound, parse_bound
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


class Model(Protocol):
    """The model of a member; see ``exporter.Model``."""

    def predict(self, rows: Any) -> pd.DataFrame: ...

    def probabilities(self, rows: Any) -> pd.DataFrame: ...

    def export(
        self,
        folder: str | Path,
        to: str = "c",
        numbers: str | None = None,
        devices: Sequence[str] = (),
    ) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Frontier:
    """The members of a search's frontier.

    Attributes:
        objectives: the search's, in order.
        members: the non-dominated complete trials, by rising params, then by number.
        opened: gives the model of a member, where the frontier is that of a search.
    """

    objectives: tuple[Objective, ...]
    members: tuple[Trial, ...]
    opened: Callable[[Trial], Model] | None = field(default=None, repr=False, compare=False)

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

    def within(self, *bounds: str) -> Frontier:
        """Returns the members that keep bounds such as ``"params<=1000"``.

        Raises:
            SpecError: a bound cannot be read, or no member keeps them all.
        """
        read = [parse_bound(bound) for bound in bounds]
        if problems := [bound for bound in read if isinstance(bound, str)]:
            raise SpecError(problems)
        asked = [bound for bound in read if isinstance(bound, Bound)]
        if problems := [each for bound in asked if (each := self._unknown(bound.objective))]:
            raise SpecError(problems)
        kept = tuple(
            member for member in self.members if all(each.admits(member.size) for each in asked)
        )
        if self.members and not kept:
            values = {
                each.objective: [OBJECTIVES[each.objective].of(member) for member in self.members]
                for each in asked
            }
            least = ", ".join(f"{name} = {min(found):g}" for name, found in values.items())
            raise SpecError(
                f"no member of the frontier keeps {' and '.join(map(str, asked))}; "
                f"the smallest have {least}."
            )
        return replace(self, members=kept)

    def _unknown(self, name: str) -> str | None:
        """Returns why the members have no such objective, or None."""
        problem = device_problem(name, None)
        if problem is None or all(name in member.size for member in self.members):
            return None
        return problem.replace("name it with --device", "search with --device")

    def lowest(self, *bounds: str) -> Trial:
        """Returns the member with the smallest validation loss, of those that keep all bounds.

        Raises:
            SpecError: as ``within``, or the frontier is empty.
        """
        members = self.within(*bounds).members
        if not members:
            raise SpecError("no trial is complete yet, so the frontier is empty.")
        return min(members, key=lambda member: (OBJECTIVES["loss"].of(member), member.number))

    def member(self, number: int) -> Trial:
        """Returns the member of this number.

        Raises:
            SpecError: the trial is no member, so its model was not kept.
        """
        for member in self.members:
            if member.number == number:
                return member
        numbers = ", ".join(str(member.number) for member in self.members) or "none"
        raise SpecError(
            f"trial {number} is not on the frontier, so its model was not kept; the members are"
            f" {numbers}."
        )

    def best(self, *bounds: str) -> Model:
        """Returns the model with the smallest validation loss, of members that keep all bounds.

        Raises:
            SpecError: as ``lowest``.
        """
        if self.opened is None:
            raise SpecError("this frontier was made of trials alone, so it has no models.")
        return self.opened(self.lowest(*bounds))

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
