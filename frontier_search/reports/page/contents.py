"""What the frontier's page knows, as one JSON object: objectives, families, trials, the band."""

from __future__ import annotations

import html as markup
import math
import shlex
from collections.abc import Sequence
from typing import Any

import numpy as np

from frontier_search.objective import OBJECTIVES, Objective
from frontier_search.reports import words
from frontier_search.reports.chart import UNSURE, Chart, Point, spread
from frontier_search.reports.palette import colour
from frontier_search.trial import Trial, learning_curves

SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "triangle-down", "cross",
    "star", "x", "pentagon", "hexagon", "triangle-left", "triangle-right",
)  # fmt: skip
DIGITS = 6  # significant digits of what is drawn
MOST_TRIALS = 800  # besides members; more would make the page too large
CURVE_POINTS = 60


def contents(chart: Chart) -> dict[str, Any]:
    """Returns the data of the page. ``page.js`` reads it and documents nothing again."""
    panel = chart.panels[0]
    points = _kept(panel.points)
    drawn = _objectives(chart, [point.trial for point in points])
    known = [each for each in drawn if each.known]
    band = panel.band
    return {
        "command": f"frontier-search export {shlex.quote(chart.search.name)}",
        "objectives": [_objective(each, chart) for each in drawn],
        "limits": sorted(
            (each.name for each in known), key=lambda name: name != panel.x.objective.name
        ),
        "shown": [each.name for each in chart.objectives],
        "x": panel.x.objective.name,
        "y": panel.y.objective.name,
        "log": panel.y.log,
        "floor": panel.y_range[0],
        "unsure": UNSURE,
        "families": [
            {"name": name, "colour": colour(index), "symbol": SYMBOLS[index % len(SYMBOLS)]}
            for name, index in chart.families.items()
        ],
        "trials": [_trial(point, drawn) | _certified(chart, point) for point in points],
        "mistakes": None if chart.mistakes is None else chart.mistakes.to_json(),
        # Plotly reads markup in an annotation
        "levels": [{"y": one.y, "label": markup.escape(one.label)} for one in panel.levels],
        "band": None
        if band is None
        else {
            "x": _rounded([*band.sizes, max(point.x.mean for point in panel.points)]),
            "low": _rounded([*band.low, band.low[-1]]),
            "high": _rounded([*band.high, band.high[-1]]),
        },
    }


def left_out(chart: Chart) -> str:
    """Returns how many trials the page leaves out, in words; empty for none."""
    n = len(chart.panels[0].points) - len(_kept(chart.panels[0].points))
    return f"{n:,} trials that are far from the frontier are left out." if n else ""


def _kept(points: Sequence[Point]) -> list[Point]:
    """Returns the members and the best of the others, in the order of the points."""
    others = sorted((p.y.mean, p.trial.number) for p in points if not p.member)[:MOST_TRIALS]
    kept = {number for _, number in others}
    return [point for point in points if point.member or point.trial.number in kept]


def _objectives(chart: Chart, trials: Sequence[Trial]) -> list[Objective]:
    """Returns the search's objectives, then every other that all these trials have a value of."""
    own = list(dict.fromkeys([each.name for each in chart.objectives]))
    rest = [
        name
        for name, each in OBJECTIVES.items()
        if name not in own and all(_is_measured(each, trial) for trial in trials)
    ]
    return [OBJECTIVES[name] for name in [*own, *rest]]


def _is_measured(objective: Objective, trial: Trial) -> bool:
    if objective.known:
        return objective.counts(trial) and math.isfinite(objective.of(trial))
    splits = ("val", "test") if objective.has_splits else ("val",)
    values = [trial.per_seed(objective.key(split)) for split in splits]
    return all(len(each) == len(trial.seeds) and np.isfinite(each).all() for each in values)


def _objective(objective: Objective, chart: Chart) -> dict[str, Any]:
    unit = chart.unit if objective.unit == "task loss" else objective.unit
    return {
        "name": objective.name,
        "label": objective.label,
        "unit": "" if objective.known else unit,
        "known": objective.known,
        "splits": objective.has_splits,
        "maximise": objective.direction == "maximise",
        "log": objective.log,
    }


def _trial(point: Point, objectives: Sequence[Objective]) -> dict[str, Any]:
    trial = point.trial
    measured = [each for each in objectives if not each.known]
    found: dict[str, Any] = {
        "number": trial.number,
        "name": words.model(trial),
        "family": trial.candidate.family,
        "hyperparameters": dict(trial.candidate.hyperparameters),
        "member": point.member,
        "chance": None if point.chance is None else round(point.chance, 3),
        "known": {each.name: each.of(trial) for each in objectives if each.known},
        "val": {each.name: _mean(trial, each, "val") for each in measured},
        "test": {each.name: _mean(trial, each, "test") for each in measured},
    }
    if point.member:
        found |= _detail(trial)
    return found


def _detail(trial: Trial) -> dict[str, Any]:
    """Returns what only members have: the losses of each seed, and the learning curves."""
    losses = (trial.per_seed(f"{split}_loss") for split in ("val", "test"))
    seeds = [[seed.seed, *_rounded(pair)] for seed, *pair in zip(trial.seeds, *losses, strict=True)]
    curves = {}
    for name, curve in learning_curves(trial, CURVE_POINTS).items():
        finite = {epoch: value for epoch, value in curve.items() if math.isfinite(value)}
        if finite:
            curves[name] = {"x": list(finite), "y": _rounded(list(finite.values()))}
    return {"seeds": seeds, "curves": curves}


def _certified(chart: Chart, point: Point) -> dict[str, Any]:
    lines = chart.certified.get(point.trial.number, ())
    return {"certified": list(lines)} if lines else {}


def _mean(trial: Trial, objective: Objective, split: Any) -> list[float]:
    """Returns the mean over seeds and its standard error, 0 where it is not known."""
    found = spread(trial, objective, split)
    error = found.standard_error
    return _rounded([found.mean, 0.0 if math.isnan(error) else error])


def _rounded(values: Sequence[float] | Any) -> list[float]:
    return [float(f"{float(value):.{DIGITS}g}") for value in values]
