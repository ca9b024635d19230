"""The frontier and the trials as tables for a terminal, as JSON and as CSV. Every function returns a string and prints nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.membership import Member
from frontier_search.objective import OBJECTIVES, Objective
from frontier_search.reports import words
from frontier_search.reports.rows import Column, fitting, to_csv, to_text
from frontier_search.trial import Trial, TrialState, flatten


def frontier(
    members: Sequence[Member], objectives: Sequence[Objective], split: str, form: str
) -> str:
    """The frontier in one of the forms ``table``, ``json`` and ``csv``."""
    return (
        frontier_table(members, objectives, split)
        if form == "table"
        else data([member.to_json() for member in members], form)
    )


def trials(listed: Sequence[Trial], form: str) -> str:
    """Every trial in one of the forms ``table``, ``json`` and ``csv``."""
    return (
        trials_table(listed)
        if form == "table"
        else data([trial.to_json() for trial in listed], form)
    )


def data(listed: Sequence[Mapping[str, Any]], form: str) -> str:
    """What ``Trial.to_json`` or ``Member.to_json`` gave, as a JSON list, or as CSV with its keys joined by dots."""
    return as_json(listed) if form == "json" else as_csv(listed)


def as_json(listed: Sequence[Mapping[str, Any]]) -> str:
    """A value that is not finite is null, because JSON has no word for it."""
    return json.dumps([_finite(row) for row in listed], indent=2, allow_nan=False)


def as_csv(listed: Sequence[Mapping[str, Any]]) -> str:
    """One line a row; the header is the union of the keys, in the order of the first row's, hyperparameters by name."""
    rows = [flatten(_finite(row)) for row in listed]
    groups = list(listed[0]) if listed else []
    keys = list(dict.fromkeys(key for row in rows for key in row))
    order = sorted(keys, key=lambda key: _place(key, groups, keys))
    return to_csv([{key: row.get(key) for key in order} for row in rows])


def _place(key: str, groups: Sequence[str], keys: Sequence[str]) -> tuple[int, str, int]:
    group = key.partition(".")[0]
    return groups.index(group), key if group == "hyperparameters" else "", keys.index(key)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


# ---- for a terminal ----------------------------------------------------------------------------


def frontier_table(members: Sequence[Member], objectives: Sequence[Objective], split: str) -> str:
    """The members by rising parameters: mean +- sample standard deviation over the seeds, on validation and on test, and how surely they belong.

    Args:
        split: whose errors, and other measured objectives, are shown beside the two losses.
    """
    if not members:
        return "no trial is complete yet, so the frontier is empty."
    n_seeds = len(members[0].trial.seeds)
    known = [
        objective for objective in objectives if objective.known and objective.name != "params"
    ]
    measured = [
        objective for objective in objectives if not objective.known and objective.name != "loss"
    ]
    error, accuracy = OBJECTIVES["error"], OBJECTIVES["accuracy"]
    if error not in measured and accuracy not in measured:
        measured += [error] if any(error.per_seed(member.trial) for member in members) else []
    trials = [member.trial for member in members]
    columns = [
        Column("trial", [str(trial.number) for trial in trials]),
        Column("family", [Text(trial.candidate.family) for trial in trials], number=False),
        Column(
            "hyperparameters",
            [Text(hyperparameters(trial)) for trial in trials],
            number=False,
            wraps=True,
        ),
        Column("params", [f"{OBJECTIVES['params'].count(trial.size):,}" for trial in trials]),
        *(
            Column(objective.name, [f"{objective.count(trial.size):,}" for trial in trials])
            for objective in known
        ),
        Column("val loss", [mean_and_spread(trial, "val_loss") for trial in trials]),
    ]
    shown = {"test loss": "test_loss"} | {
        f"{split} {each.name}" if each.has_splits else each.name: each.key(split)
        for each in measured
    }
    columns += [
        Column(title, [mean_and_spread(trial, metric) for trial in trials], spare=True)
        for title, metric in shown.items()
    ]
    columns += (
        [Column("chance", [f"{member.probability:.2f}" for member in members])]
        if n_seeds > 1
        else []
    )
    table, left_out = fitting(columns)
    spread = f"± sample standard deviation over {n_seeds} seeds; chance of being a member when seeds are drawn again"
    narrow = f"; a wider terminal shows {', '.join(left_out)} too" if left_out else ""
    return f"{to_text(table)}\nchosen on validation means; {spread if n_seeds > 1 else 'one seed: no spread is known'}{narrow}"


def trials_table(listed: Sequence[Trial]) -> str:
    """One line a trial, by number; the reason of a failure takes the place of the losses."""
    if not listed:
        return "no trial yet."
    complete = [trial.state is TrialState.COMPLETE for trial in listed]
    losses = {
        split: [
            mean_and_spread(trial, f"{split}_loss") if whole else ""
            for trial, whole in zip(listed, complete, strict=True)
        ]
        for split in ("val", "test")
    }
    described = [
        hyperparameters(trial) + (f"  [{trial.reason}]" if trial.reason else "") for trial in listed
    ]
    table, left_out = fitting(
        [
            Column("trial", [str(trial.number) for trial in listed]),
            Column("state", [str(trial.state) for trial in listed], number=False),
            Column("family", [Text(trial.candidate.family) for trial in listed], number=False),
            Column("hyperparameters", [Text(each) for each in described], number=False, wraps=True),
            Column("params", [f"{trial.size['effective']:,}" for trial in listed]),
            Column("val loss", losses["val"]),
            Column("test loss", losses["test"], spare=True),
            Column(
                "seconds",
                [f"{trial.outcome.seconds:.2f}" if trial.outcome else "" for trial in listed],
                spare=True,
            ),
        ]
    )
    return to_text(table) + (
        f"\na wider terminal shows {', '.join(left_out)} too" if left_out else ""
    )


def hyperparameters(trial: Trial) -> str:
    """``hidden 16, learning_rate 0.0074``: short, for people; the JSON form has every digit."""
    values = trial.candidate.hyperparameters.items()
    return ", ".join(
        f"{name} {value:.2g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in values
    )


def mean_and_spread(trial: Trial, metric: str) -> str:
    """``0.1622 ± 0.0131``; empty when the trial has no such metric."""
    return words.spread(Spread.of(trial.per_seed(metric)), decimals=4)
