"""The frontier and the trials as tables for a terminal, as JSON and as CSV.

Every function returns a string and prints nothing.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from frontier_search.frontier.baselines import Baseline
from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.membership import Member
from frontier_search.objective import OBJECTIVES, Objective
from frontier_search.reports import words
from frontier_search.reports.rows import Column, fitting, to_csv, to_text, wrapped
from frontier_search.trial import Trial, TrialState, flatten


def frontier(
    members: Sequence[Member],
    objectives: Sequence[Objective],
    split: str,
    form: str,
    references: Sequence[Baseline] = (),
) -> str:
    """Returns the frontier as ``table``, ``json`` or ``csv``.

    A table has a line for each reference. JSON and CSV have a row for each member only, so that a
    script may take all rows for members; the references are values of every row, under
    ``references``.
    """
    if form == "table":
        return frontier_table(members, objectives, split, references)
    beside = {"references": {one.name: one.means() for one in references}} if references else {}
    return data([member.to_json() | beside for member in members], form)


def trials(listed: Sequence[Trial], form: str, curves: bool = False) -> str:
    """Returns every trial as ``table``, ``json`` or ``csv``.

    Args:
        curves: whether JSON and CSV have the validation loss of every epoch.
    """
    return (
        trials_table(listed)
        if form == "table"
        else data([trial.to_json(curves) for trial in listed], form)
    )


def data(listed: Sequence[Mapping[str, Any]], form: str) -> str:
    """Returns trials or members as a JSON list, or as CSV with nested keys joined by dots.

    Args:
        listed: what ``Trial.to_json`` or ``Member.to_json`` returned.
        form: ``json`` or ``csv``.
    """
    return as_json(listed) if form == "json" else as_csv(listed)


def as_json(listed: Sequence[Mapping[str, Any]]) -> str:
    """Returns a JSON list. JSON has no infinity and no nan, so these values are null."""
    return json.dumps([_finite(row) for row in listed], indent=2, allow_nan=False)


def as_csv(listed: Sequence[Mapping[str, Any]]) -> str:
    """Returns CSV with a line for each trial.

    The header is the union of the keys. Their groups are in the order of the first trial, and the
    hyperparameters are in alphabetical order.
    """
    rows = [flatten(_finite(row)) for row in listed]
    groups = list(listed[0]) if listed else []
    keys = list(dict.fromkeys(key for row in rows for key in row))
    order = sorted(keys, key=lambda key: _rank(key, groups, keys))
    return to_csv([{key: row.get(key) for key in order} for row in rows])


def _rank(key: str, groups: Sequence[str], keys: Sequence[str]) -> tuple[int, str, int]:
    group = key.partition(".")[0]
    return groups.index(group), key if group == "hyperparameters" else "", keys.index(key)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


# ---- for a terminal ----------------------------------------------------------------------------


def frontier_table(
    members: Sequence[Member],
    objectives: Sequence[Objective],
    split: str,
    references: Sequence[Baseline] = (),
) -> str:
    """Returns the members by rising parameters, and what they are compared with.

    A measured value is the mean over seeds ± their sample standard deviation. The last column is
    the chance of being a member on as many fresh seeds.

    Args:
        split: of the measured objectives other than the loss; the loss is shown on validation and
            on test rows.
        references: a constant and a linear model, or nothing.
    """
    if not members:
        return "no trial is complete yet, so the frontier is empty."
    table, left_out = fitting(member_columns(members, objectives, split, references))
    n_seeds = len(members[0].trial.seeds)
    notes = ["chosen on validation means"]
    if n_seeds > 1:
        notes.append(f"± sample standard deviation over {n_seeds} seeds")
        notes.append("chance of being a member on as many fresh seeds")
    else:
        notes.append("one seed: no spread is known")
    if references:
        notes.append("in parentheses: what every model is compared with")
    if left_out:
        notes.append(f"a wider terminal shows {', '.join(left_out)} too")
    return f"{to_text(table)}\n{wrapped('; '.join(notes))}"


def member_columns(
    members: Sequence[Member],
    objectives: Sequence[Objective],
    split: str,
    references: Sequence[Baseline] = (),
) -> list[Column]:
    """Returns the columns of the members' table; the arguments are as for ``frontier_table``."""
    blank = [""] * len(references)
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
        Column("trial", [*(str(trial.number) for trial in trials), *blank]),
        Column(
            "family",
            [
                *(Text(trial.candidate.family) for trial in trials),
                *(Text(f"({one.name})") for one in references),
            ],
            number=False,
        ),
        Column(
            "hyperparameters",
            [*(Text(hyperparameters(trial)) for trial in trials), *map(Text, blank)],
            number=False,
            wraps=True,
        ),
        Column(
            "params",
            [
                *(f"{OBJECTIVES['params'].count(each.size):,}" for each in trials),
                *(f"{one.hyperparameters.get('params', ''):,}" for one in references),
            ],
        ),
        *(
            Column(objective.name, [*(f"{objective.count(t.size):,}" for t in trials), *blank])
            for objective in known
        ),
        Column("val loss", _measured(trials, references, "val_loss")),
    ]
    shown = {"test loss": "test_loss"} | {
        f"{split} {each.name}" if each.has_splits else each.name: each.key(split)
        for each in measured
    }
    columns += [
        Column(title, _measured(trials, references, metric), spare=True)
        for title, metric in shown.items()
    ]
    if len(trials[0].seeds) > 1:
        chances = [f"{member.probability:.2f}" for member in members]
        columns.append(Column("chance", [*chances, *blank]))
    return columns


def _measured(trials: Sequence[Trial], references: Sequence[Baseline], metric: str) -> list[str]:
    """Returns a metric of trials and references, empty where it is not known."""
    beside = [
        words.spread(Spread.of([seed.metrics[metric] for seed in one.seeds]), aligned=True)
        if metric in one.seeds[0].metrics
        else ""
        for one in references
    ]
    return [*(mean_and_spread(trial, metric) for trial in trials), *beside]


def trials_table(listed: Sequence[Trial]) -> str:
    """Returns a line for each trial, by number.

    A trial that failed has no losses, but a reason after its hyperparameters. One that was stopped
    early has the losses of its last epoch, and a reason.
    """
    if not listed:
        return "no trial yet."
    measured = [trial.state in (TrialState.COMPLETE, TrialState.PRUNED) for trial in listed]
    losses = {
        split: [
            mean_and_spread(trial, f"{split}_loss") if whole else ""
            for trial, whole in zip(listed, measured, strict=True)
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


def failures(listed: Sequence[Trial]) -> list[str]:
    """Returns a sentence for each family of which trials failed, with the usual reason."""
    sentences = []
    for name in dict.fromkeys(trial.candidate.family for trial in listed):
        own = [t for t in listed if t.candidate.family == name and t.state.finished]
        reasons = Counter(t.reason for t in own if t.state is TrialState.FAIL)
        if reasons:
            (reason, count), failed = reasons.most_common(1)[0], reasons.total()
            most = "" if len(reasons) == 1 else f", {count} of them"
            sentences.append(f"{name}: {failed} of {len(own)} trials failed{most}: {reason}")
    return sentences


def hyperparameters(trial: Trial) -> str:
    """Returns ``hidden 16, learning_rate 0.0074``. Only the JSON form has all digits."""
    values = trial.candidate.hyperparameters.items()
    return ", ".join(
        f"{name} {value:.2g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in values
    )


def mean_and_spread(trial: Trial, metric: str) -> str:
    """Returns ``0.1622 ± 0.0131``, see ``words.spread``; empty if the metric is not known."""
    return words.spread(Spread.of(trial.per_seed(metric)), aligned=True)
