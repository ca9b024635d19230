"""What a figure of the frontier shows: points, staircases, bands, words. Figures draw it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from frontier_search.errors import SpecError
from frontier_search.frontier.band import FEWEST_SEEDS, Band, band
from frontier_search.frontier.band import LEVEL as BAND_LEVEL
from frontier_search.frontier.baselines import Baseline, best
from frontier_search.frontier.frontier import Frontier, Spread
from frontier_search.frontier.membership import chances, minimised
from frontier_search.frontier.pareto import nondominated
from frontier_search.objective import Objective
from frontier_search.reports.axis import Axis, Split, pairs, upward_range
from frontier_search.reports.mistakes import Mistakes
from frontier_search.reports.palette import family_indices
from frontier_search.search.search import Search
from frontier_search.trial import Trial, TrialState

UNSURE = 0.9  # a member whose chance is smaller is drawn hollow


@dataclass(frozen=True)
class Point:
    """One complete trial in one panel, with values as the user sees them.

    Attributes:
        x, y: the values on the two axes, over seeds (a better accuracy is larger).
        member: whether the trial is on the frontier.
        chance: how likely it is a member on fresh seeds, 0 to 1; None with fewer than three seeds.
        dominated: whether it is a member that another member dominates on the rows that are drawn.
    """

    trial: Trial
    x: Spread
    y: Spread
    member: bool
    chance: float | None
    dominated: bool

    @property
    def sure(self) -> bool:
        """Whether its membership is likely, or its chance is not known."""
        return self.chance is None or self.chance >= UNSURE


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
class Panel:
    """The frontier in two objectives.

    Attributes:
        points: the complete trials, by rising x; members are drawn above the rest.
        staircase: corners (x, y) of the best value reached at each x.
        y_range: where the upward axis begins and ends.
        beyond: how many points lie above its end.
        references: a constant and a linear model, which every model is compared with.
        band: where the staircase lies on fresh seeds, or None if that is not known.
        baseline: the best of the methods whose size is not limited, or None.
    """

    x: Axis
    y: Axis
    points: tuple[Point, ...]
    staircase: tuple[tuple[float, float], ...]
    y_range: tuple[float, float]
    beyond: int
    band: Band | None = None
    baseline: Level | None = None
    references: tuple[Level, ...] = ()

    @property
    def levels(self) -> list[Level]:
        """All horizontal lines."""
        return [*self.references, *([self.baseline] if self.baseline else [])]

    @property
    def members(self) -> list[Point]:
        """The points of the frontier."""
        return [point for point in self.points if point.member]

    @property
    def beyond_note(self) -> str:
        """How many trials lie above the end of the upward axis, in words; empty for none."""
        if not self.beyond:
            return ""
        return f"{self.beyond} trial{'s' if self.beyond > 1 else ''} above this axis"


@dataclass(frozen=True)
class Chart:
    """The figure of one search.

    Attributes:
        search: whose trials are drawn.
        objectives: whose frontier is drawn.
        unit: of the dataset's loss; empty if it is not known.
        title, subtitle: one line each.
        panels: one for each pair of objectives; the first shows what ``axis.axes`` chooses.
        families: family that is drawn -> its index in the lists of colours and shapes.
        mistakes: what the members get wrong, where it is shown and known.
        certified: trial -> what was checked of its exported models, a sentence each.
    """

    search: Search
    objectives: tuple[Objective, ...]
    unit: str
    title: str
    subtitle: str
    panels: tuple[Panel, ...]
    families: dict[str, int]
    mistakes: Mistakes | None = None
    certified: Mapping[int, Sequence[str]] = field(default_factory=dict)

    @staticmethod
    def of(
        search: Search,
        trials: Sequence[Trial],
        split: Split = "val",
        baselines: Sequence[Baseline] = (),
        objectives: Sequence[Objective] | None = None,
        references: Sequence[Baseline] = (),
    ) -> Chart:
        """Returns the figure of a search's complete trials.

        Args:
            split: the rows whose means are drawn. Members are always chosen on validation rows.
            baselines: other methods on the search's dataset.
            objectives: draws the frontier of these, in place of the search's own.
            references: what every model is compared with.

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
        found = _Found.of(complete, objectives, split)
        drawn = {trial.candidate.family for trial in complete}
        unit = _unit(search)
        panels = [
            _panel(found, x, y, unit, split, baselines, references) for x, y in pairs(objectives)
        ]
        return Chart(
            search,
            objectives,
            unit,
            title=f"{search.name}: the frontier of {search.dataset_reference.label}"
            + ("" if own else f" by {' and '.join(each.name for each in objectives)}"),
            subtitle=_subtitle(search, found, objectives, banded=panels[0].band is not None),
            panels=tuple(panels),
            families={
                family: index
                for family, index in family_indices(list(dict(search.families))).items()
                if family in drawn
            },
        )


@dataclass(frozen=True)
class _Found:
    """What is the same in every panel.

    Attributes:
        complete: the complete trials.
        members: numbers of the members.
        chances: number -> chance of membership; empty with fewer than three seeds.
        dominated: numbers of the members that another member dominates on the drawn rows.
    """

    complete: Sequence[Trial]
    members: set[int]
    chances: dict[int, float]
    dominated: set[int]

    @staticmethod
    def of(complete: Sequence[Trial], objectives: Sequence[Objective], split: Split) -> _Found:
        members = Frontier.of(complete, objectives).members
        values = [
            [each.to_minimised(spread(trial, each, split).mean) for each in objectives]
            for trial in members
        ]
        chance: dict[int, float] = {}
        if len(complete[0].seeds) >= FEWEST_SEEDS:
            found = chances(minimised(complete, objectives))
            chance = {t.number: float(p) for t, p in zip(complete, found, strict=True)}
        stay = nondominated(np.array(values))
        dominated = {t.number for t, stays in zip(members, stay, strict=True) if not stays}
        return _Found(complete, {t.number for t in members}, chance, dominated)


def spread(trial: Trial, objective: Objective, split: Split) -> Spread:
    """Returns an objective of a complete trial over its seeds; a count has no deviation."""
    if objective.known:
        return Spread(objective.of(trial), math.nan, 1)
    return Spread.of(objective.per_seed(trial, split))


def _panel(
    found: _Found,
    x_objective: Objective,
    y_objective: Objective,
    unit: str,
    split: Split,
    baselines: Sequence[Baseline],
    references: Sequence[Baseline],
) -> Panel:
    points = [
        Point(
            trial,
            spread(trial, x_objective, split),
            spread(trial, y_objective, split),
            trial.number in found.members,
            found.chances.get(trial.number),
            trial.number in found.dominated,
        )
        for trial in found.complete
    ]
    points.sort(key=lambda point: (point.x.mean, point.trial.number))
    x = Axis.of(x_objective, split, unit, [point.x.mean for point in points])
    y = Axis.of(y_objective, split, unit, [point.y.mean for point in points])
    members = [point for point in points if point.member]
    level = _level(baselines, y, split)
    beside = tuple(_reference(one, y, split) for one in references if _has(one, y, split))
    marks = [one.y for one in [*beside, *([level] if level else [])]]
    y_range = upward_range(
        y,
        [point.y for point in points],
        [point.y for point in members],
        [mark for mark in marks if mark > 0 or not y.log],
    )
    return Panel(
        x,
        y,
        tuple(points),
        _staircase(members, x, y, max(point.x.mean for point in points)),
        y_range,
        beyond=sum(point.y.mean > y_range[1] for point in points),
        band=_band(found, x_objective, y_objective, split),
        baseline=level,
        references=beside,
    )


def _band(
    found: _Found, x_objective: Objective, y_objective: Objective, split: Split
) -> Band | None:
    """Returns the band of the staircase: of the contenders, or on test rows of the members."""
    kept = [
        trial
        for trial in found.complete
        if (trial.number in found.members if split == "test" else found.chances.get(trial.number))
    ]
    simple = x_objective.known and x_objective.direction == y_objective.direction == "minimise"
    if y_objective.known or not simple or not kept:
        return None
    losses = np.array([y_objective.per_seed(trial, split) for trial in kept])
    return band(losses, np.array([x_objective.of(trial) for trial in kept], dtype=np.float64))


def _level(baselines: Sequence[Baseline], y: Axis, split: Split) -> Level | None:
    """Returns the mean of the best method on the drawn split, or None if none has this metric.

    Like the members, the best method is always chosen on validation rows.
    """
    metric = y.objective.key(split)
    if not baselines or not _has(baselines[0], y, split):  # a latency, say
        return None
    chosen = best(baselines)
    names = ", ".join(baseline.name for baseline in baselines)
    return Level(chosen.mean(metric), f"best of {names}: {chosen.name} {chosen.mean(metric):.3g}")


def _has(baseline: Baseline, y: Axis, split: Split) -> bool:
    return y.objective.key(split) in baseline.seeds[0].metrics


def _reference(baseline: Baseline, y: Axis, split: Split) -> Level:
    mean = baseline.mean(y.objective.key(split))
    return Level(mean, f"{baseline.name} {mean:.3g}")


def _staircase(
    members: Sequence[Point], x: Axis, y: Axis, right: float
) -> tuple[tuple[float, float], ...]:
    """Returns the corners of the boundary of what was reached in the two drawn objectives.

    A member that another one dominates in these two is not on the line.

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


def _subtitle(
    search: Search, found: _Found, objectives: Sequence[Objective], *, banded: bool
) -> str:
    n_seeds = len(search.seeds)
    words = f"{len(found.complete)} of {search.trials} trials complete, "
    words += f"{len(found.members)} on the frontier, "
    words += f"{n_seeds} seeds each" if n_seeds > 1 else "one seed"
    if n_seeds > 1:
        words += "; bars: standard error of the mean"
    if banded:
        words += f"; band: {BAND_LEVEL:.0%} of the frontiers on fresh seeds"
    if any(found.chances.get(number, 1.0) < UNSURE for number in found.members):
        words += f"; hollow: a member with a chance below {UNSURE:g}"
    if found.dominated:
        words += f"; crossed: dominated on test rows ({len(found.dominated)})"
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
