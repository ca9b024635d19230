"""What a figure of the frontier shows: axes, points, the staircase, words. Figures draw it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from frontier_search.errors import SpecError
from frontier_search.frontier.baselines import Baseline, best
from frontier_search.frontier.frontier import Frontier, Spread
from frontier_search.objective import OBJECTIVES, Objective
from frontier_search.reports.palette import family_indices
from frontier_search.search.search import Search
from frontier_search.trial import Trial, TrialState

Split = Literal["val", "test"]
SPLIT_NAMES = {"val": "validation", "test": "test"}

# The loss axis ends at best + ROOM_ABOVE * (median - best). A note counts the points above it.
ROOM_ABOVE = 4.0


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        objective: what it shows.
        label: its title, with the unit.
        log: whether it is logarithmic.
    """

    objective: Objective
    label: str
    log: bool


@dataclass(frozen=True)
class Point:
    """One complete trial, with values as the user sees them (a better accuracy is larger).

    Attributes:
        x, y: the values on the two axes, over seeds.
        member: whether the trial is on the frontier.
    """

    trial: Trial
    x: Spread
    y: Spread
    member: bool


@dataclass(frozen=True)
class Level:
    """A horizontal line: a value that methods reach whose size is not limited.

    Attributes:
        y: the value on the upward axis.
        label: the methods, and the best of them with its value.
    """

    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    """The figure of one search.

    Attributes:
        title, subtitle: one line each.
        points: the complete trials, by rising x; members are drawn above the rest.
        families: family -> its index in the lists of colours and shapes.
        staircase: corners (x, y) of the best value reached at each x.
        y_limit: the end of the upward axis if points lie beyond it, else None.
        beyond: how many points lie beyond it.
        baseline: the best of the methods whose size is not limited, or None.
    """

    title: str
    subtitle: str
    x: Axis
    y: Axis
    points: tuple[Point, ...]
    families: dict[str, int]
    staircase: tuple[tuple[float, float], ...]
    y_limit: float | None
    beyond: int
    baseline: Level | None = None

    @property
    def members(self) -> list[Point]:
        """The points of the frontier."""
        return [point for point in self.points if point.member]

    @property
    def lowest(self) -> float:
        """The smallest value that is drawn on the upward axis."""
        return min(
            [
                *(point.y.mean for point in self.points),
                *([self.baseline.y] if self.baseline else []),
            ]
        )

    @property
    def beyond_note(self) -> str:
        """How many trials lie above the end of the upward axis, in words."""
        return f"{self.beyond} trial{'s' if self.beyond > 1 else ''} above this axis"

    @staticmethod
    def of(
        search: Search,
        trials: Sequence[Trial],
        split: Split = "val",
        baselines: Sequence[Baseline] = (),
        objectives: Sequence[Objective] | None = None,
    ) -> Chart:
        """Returns the figure of a search's complete trials.

        Args:
            split: the rows whose means are drawn. Members are always chosen on validation rows.
            baselines: other methods on the search's dataset.
            objectives: draws the frontier of these, in place of the search's own.

        Raises:
            SpecError: no trial is complete, so there is nothing to draw.
        """
        complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
        if not complete:
            raise SpecError(
                f"search {search.name!r} has no complete trial among {len(trials)}, "
                "so there is no frontier to draw yet."
            )
        own = objectives is None
        objectives = search.objective_table() if objectives is None else tuple(objectives)
        unit = _unit(search)
        x, y = (_axis(objective, split, unit) for objective in axes(objectives))
        numbers = Frontier.of(complete, objectives).numbers()
        points = [
            Point(
                t, spread(t, x.objective, split), spread(t, y.objective, split), t.number in numbers
            )
            for t in complete
        ]
        points.sort(key=lambda point: (point.x.mean, point.trial.number))
        members = [point for point in points if point.member]
        level = _level(baselines, y, split)
        limit = _limit(points, members, y)
        if limit is not None and level is not None:
            limit = max(limit, 1.05 * level.y)
        beyond = sum(point.y.mean > limit for point in points) if limit is not None else 0
        return Chart(
            title=f"{search.name}: the frontier of {search.dataset_reference.label}"
            + ("" if own else f" by {' and '.join(each.name for each in objectives)}"),
            subtitle=_subtitle(search, complete, len(members), objectives),
            x=x,
            y=y,
            points=tuple(points),
            families=family_indices([trial.candidate.family for trial in complete]),
            staircase=_staircase(members, x, y, max(point.x.mean for point in points)),
            y_limit=limit if beyond else None,
            beyond=beyond,
            baseline=level,
        )


def spread(trial: Trial, objective: Objective, split: Split) -> Spread:
    """Returns an objective of a complete trial over its seeds; a count has no deviation."""
    if objective.known:
        return Spread(objective.of(trial), math.nan, 1)
    return Spread.of(objective.per_seed(trial, split))


def deviations(spreads: Iterable[Spread]) -> list[float] | None:
    """Returns the lengths of the error bars, or None when all of them are zero or unknown."""
    bars = [0.0 if math.isnan(spread.std) else spread.std for spread in spreads]
    return bars if any(bars) else None


def _level(baselines: Sequence[Baseline], y: Axis, split: Split) -> Level | None:
    """Returns the mean of the best method on the drawn split, or None if none has this metric.

    Like the members, the best method is always chosen on validation rows.
    """
    metric = y.objective.key(split)
    if not baselines or metric not in baselines[0].seeds[0].metrics:  # a latency, say
        return None
    chosen = best(baselines)
    names = ", ".join(baseline.name for baseline in baselines)
    return Level(chosen.mean(metric), f"best of {names}: {chosen.name} {chosen.mean(metric):.3g}")


def axes(objectives: Sequence[Objective]) -> tuple[Objective, Objective]:
    """Returns the objectives that are drawn to the right (x) and upwards (y).

    x is the first objective that is known before training, or the second measured one, or params.
    y is the first measured one, or loss.
    """
    measured = [objective for objective in objectives if not objective.known]
    known = [objective for objective in objectives if objective.known]
    y = measured[0] if measured else OBJECTIVES["loss"]
    x = known[0] if known else measured[1] if len(measured) > 1 else OBJECTIVES["params"]
    return x, y


def _axis(objective: Objective, split: Split, unit: str) -> Axis:
    if objective.known:
        return Axis(objective, objective.label, objective.log)
    shown = unit if objective.unit == "task loss" else objective.unit
    words = f"{SPLIT_NAMES[split]} {objective.label}" if objective.has_splits else objective.label
    note = ", members chosen on validation" if split == "test" else ""
    return Axis(objective, f"{words} ({shown}{note})" if shown or note else words, objective.log)


def _staircase(
    members: Sequence[Point], x: Axis, y: Axis, right: float
) -> tuple[tuple[float, float], ...]:
    """Returns the corners of the boundary of what was reached in the two drawn objectives.

    With more than two objectives, a member that another one dominates in these two is not on the
    line.

    Args:
        right: the x at which the line ends.
    """
    line: list[tuple[float, float]] = []
    rising = sorted(
        members,
        key=lambda p: (x.objective.to_minimised(p.x.mean), y.objective.to_minimised(p.y.mean)),
    )
    for point in rising:
        if line and y.objective.to_minimised(point.y.mean) >= y.objective.to_minimised(line[-1][1]):
            continue
        if line:
            line.append((point.x.mean, line[-1][1]))
        line.append((point.x.mean, point.y.mean))
    if line and x.objective.direction == "minimise" and right > line[-1][0]:
        line.append((right, line[-1][1]))  # larger models than the largest member are no better
    return tuple(line)


def _limit(points: Sequence[Point], members: Sequence[Point], y: Axis) -> float | None:
    """Returns where the upward axis ends, so that a few very bad trials do not flatten the rest.

    None means that it has no such end: it is logarithmic, or shows an objective that is maximised.
    """
    if y.log or y.objective.direction == "maximise":
        return None
    values = np.array([point.y.mean for point in points])
    tops = [
        point.y.mean + (point.y.std if math.isfinite(point.y.std) else 0.0) for point in members
    ]
    best, median = float(values.min()), float(np.median(values))
    return max(
        best + ROOM_ABOVE * (median - best), 1.05 * max(tops), float(np.quantile(values, 0.9))
    )


def _subtitle(
    search: Search, complete: Sequence[Trial], members: int, objectives: Sequence[Objective]
) -> str:
    n_seeds = len(search.seeds)
    words = f"{len(complete)} of {search.trials} trials complete, {members} on the frontier, "
    words += f"{n_seeds} seeds each" if n_seeds > 1 else "one seed"
    if n_seeds > 1:
        words += "; bars: sample standard deviation"
    if len(objectives) > 2:
        words += f"; chosen on {', '.join(each.name for each in objectives)}"
    return words


def _unit(search: Search) -> str:
    """Returns the unit of the loss, empty if the dataset's file is missing or has changed.

    The rest of the figure does not need the file.
    """
    try:
        return search.find_dataset().unit
    except SpecError:
        return ""
