"""Scores of replays: shares of the hypervolume against trials and seconds, and what shares cost."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from replay import Replay
from replayed_tables import Table

Record = Mapping[str, Any]
MARKS = (25, 50, 100, 200)  # trials; and seconds, as multiples of the table's mean training
DRAWN_AGAIN = 1000  # times that repetitions are drawn again, for the error of a ratio of medians
GOALS = ("0.95", "0.98")  # shares of the hypervolume whose cost is given
HEAD = (
    "| table | families | shape | sampler | n | 25 | 50 | 100 | 200 trials | 25 | 50 | 100 | 200 "
    "units of seconds | own 100 / 200 | trainings to .95 / .98 | seconds to .95 / .98 "
    "| CPU ms a proposal | epochs, kept, audits |"
)


def scores(table: Table, found: Replay) -> dict[str, Any]:
    """Returns the shares of the hypervolume by trials and by seconds, and the costs of shares.

    Seconds are those of the trainings, as the table has them, and of the proposals. A trial that
    was stopped counts for the epochs that it trained.
    """
    n = len(found.order)
    marks = [mark for mark in MARKS if mark <= n]
    whole = table.volume(slice(None))
    curve, complete = [], list[int]()
    for position, share in zip(found.order, found.epochs, strict=True):
        complete += [position] if share == 1 else []
        curve.append(table.volume(complete) / whole if complete else 0.0)
    spent = np.cumsum(found.epochs)
    seconds = np.cumsum(table.seconds[found.order] * found.epochs)
    seconds += found.cpu_s * np.arange(1, n + 1) / n
    unit = float(table.seconds.mean())
    by_seconds = {
        str(mark): float(np.r_[0.0, curve][np.searchsorted(seconds, mark * unit, "right")])
        for mark in MARKS
        if seconds[-1] >= mark * unit
    }
    first = {
        goal: next(k for k in range(n) if curve[k] >= float(goal))
        for goal in GOALS
        if max(curve) >= float(goal)
    }
    return {
        "share": {str(mark): round(curve[mark - 1], 5) for mark in marks},
        "share_s": {mark: round(share, 5) for mark, share in by_seconds.items()},
        "own": _own(table, found, marks),
        "reached": {goal: round(float(spent[k]), 2) for goal, k in first.items()},
        "reached_s": {goal: round(float(seconds[k]), 2) for goal, k in first.items()},
        "epochs": round(float(spent[-1] / n), 4),
        "audits": found.audits,
        "kept": round(table.volume(found.complete) / table.volume(found.order), 5),
        "cpu_ms": round(1e3 * found.cpu_s / n, 2),
    }


def _own(table: Table, found: Replay, marks: Sequence[int]) -> dict[str, float]:
    """Returns the share of a family's own hypervolume, as a mean over families, by trials."""
    groups = defaultdict(set)
    for i, candidate in enumerate(table.candidates):
        groups[candidate.family].add(i)
    if len(groups) == 1:
        return {}
    shares = {}
    for mark in marks:
        ended = zip(found.order[:mark], found.epochs[:mark], strict=True)
        done = [i for i, share in ended if share == 1]
        each = []
        for members in groups.values():
            mine = [i for i in done if i in members]
            each.append((table.volume(mine) if mine else 0.0) / table.volume(sorted(members)))
        shares[str(mark)] = round(float(np.mean(each)), 5)
    return shares


def row(what: Sequence[str], group: Sequence[Record]) -> str:
    """Returns the line of a Markdown table under ``HEAD``: means +- standard errors, and medians.

    Args:
        what: table, families, shape and sampler.
        group: its repetitions.
    """
    audits, members = np.sum([record["audits"] for record in group], axis=0)
    epochs, kept = (np.mean([record[key] for record in group]) for key in ("epochs", "kept"))
    cells = [
        *what,
        str(len(group)),
        *(_mean([each["share"].get(str(mark)) for each in group]) for mark in MARKS),
        *(_mean([each["share_s"].get(str(mark)) for each in group]) for mark in MARKS),
        " / ".join(_mean([each["own"].get(mark) for each in group]) for mark in ("100", "200")),
        " / ".join(_median(group, "reached", goal) for goal in GOALS),
        " / ".join(_median(group, "reached_s", goal) for goal in GOALS),
        f"{np.mean([record['cpu_ms'] for record in group]):.1f}",
        f"{epochs:.2f}, {kept:.4f}, {members} of {audits}",
    ]
    return f"| {' | '.join(cells)} |"


def worst(groups: Mapping[str, Sequence[Record]], ours: str) -> list[str]:
    """Returns, by trials, the rival that comes nearest to ours, in standard errors.

    The standard error is that of the difference of two means; below -2 ours is worse.

    Args:
        groups: sampler -> its repetitions.
        ours: one of the samplers.
    """
    found = []
    for mark in map(str, MARKS):
        mine = [each["share"][mark] for each in groups[ours] if mark in each["share"]]
        gaps = {}
        for name, group in groups.items():
            theirs = [each["share"][mark] for each in group if mark in each["share"]]
            if name.startswith(ours) or min(len(mine), len(theirs)) < 2:
                continue
            error = math.hypot(_error(mine), _error(theirs))
            gaps[name] = (np.mean(mine) - np.mean(theirs)) / error if error else math.inf
        if gaps:
            name = min(gaps, key=lambda each: gaps[each])
            found.append(f"{mark} trials: {gaps[name]:+.1f} ({name})")
    return found


def cheaper(groups: Mapping[str, Sequence[Record]], ours: str, than: str) -> str:
    """Returns what the first goal costs ours, as a share of what it costs another sampler.

    The shares are those of medians. Their standard errors come from repetitions drawn again.

    Args:
        groups: sampler -> its repetitions.
    """
    words = []
    for unit, cost in (("trainings", "reached"), ("seconds", "reached_s")):
        mine, theirs = (
            np.array([each[cost].get(GOALS[0], math.inf) for each in groups[name]])
            for name in (ours, than)
        )
        share = np.median(mine) / np.median(theirs)
        draw = np.random.default_rng(0).choice
        again = [
            np.median(draw(mine, len(mine))) / np.median(draw(theirs, len(theirs)))
            for _ in range(DRAWN_AGAIN)
        ]
        finite = np.isfinite(again)  # not where a median did not reach it
        words.append(f"{share:.2f} ± {np.std(np.array(again)[finite]):.2f} of its {unit}")
    return f"{GOALS[0]} costs {' and '.join(words)}"


def _error(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) / math.sqrt(len(values))


def _mean(values: Sequence[float | None]) -> str:
    """Returns a mean and its standard error; - where a repetition has no value."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return "-"
    error = f" ± {_error(known):.3f}".replace("0.", ".") if len(known) > 1 else ""
    return f"{np.mean(known):.3f}".removeprefix("0") + error


def _median(group: Sequence[Record], cost: str, goal: str) -> str:
    """Returns the median cost of a share of the hypervolume; - where it was not reached."""
    value = float(np.median([record[cost].get(goal, math.inf) for record in group]))
    if not math.isfinite(value):
        return "-"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
