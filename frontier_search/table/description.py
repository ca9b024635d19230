"""What was understood of a table: three lines before a search begins, and everything as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from frontier_search.seeds import seeds_from_count
from frontier_search.table.column import Column
from frontier_search.table.review import findings
from frontier_search.table.understanding import Understanding, listed

SEEDS = 5  # over which the constant prediction is judged
TINY = 1e-300

WAYS = {
    "random": "60 % of the rows train, 20 % validate, 20 % test, drawn {often}",
    "folds": "five folds: a seed tests on one, validates on the next and trains on the others",
    "groups": "60 % of the rows train, 20 % validate, 20 % test; equal groups stay in one part",
    "forward": "the first 60 % of the rows in time train, the next 20 % validate, the last test",
    "given": "training and test rows as the table says",
}


def lines(table: Understanding) -> list[str]:
    """Returns the format, the target with its task and why, and the columns: one line each."""
    targets = table.targets
    names = ", ".join(map(repr, targets.names))
    classes = ""
    if targets.classes:
        counted = [f"{name} {n}" for name, n in zip(targets.classes, targets.counts, strict=True)]
        classes = f" ({listed(counted, quoted=False)})"
    used = table.used
    kinds: dict[str, list[Column]] = {}
    for each in used:
        kinds.setdefault(each.type, []).append(each)
    by_type = ", ".join(f"{len(group)} {kind}" for kind, group in kinds.items())
    left = [each.name for each in table.columns if not each.used and each.name not in targets.names]
    missing = [f"{each.name} {each.missing}" for each in used if each.missing]
    columns = "1 column" if len(used) == 1 else f"{len(used)} columns"
    become = "becomes" if len(used) == 1 else "become"
    inputs = "1 input" if table.width == 1 else f"{table.width} inputs"
    features = f"features: {columns} ({by_type}) {become} {inputs}"
    features += f"; missing and filled in: {listed(missing, quoted=False)}" if missing else ""
    features += f"; left out: {listed(left, quoted=False)}" if left else ""
    return [
        f"read: {written(table)}; {table.n_rows} rows",
        f"target: {names}, {table.why_target}; {targets.task}{classes}, because {targets.why}",
        features,
    ]


def written(table: Understanding) -> str:
    """Returns how the file is written, in one line."""
    described = table.raw.written.describe()
    special: dict[str, list[str]] = {}
    for each in table.columns:
        if each.written.describe() and each.written.describe() not in described:
            special.setdefault(each.written.describe(), []).append(each.name)
        if each.date_format:
            special.setdefault(f"dates as {each.date_format}", []).append(each.name)
    return "; ".join([described, *(f"{listed(names, False)}: {how}"
                                   for how, names in special.items())])  # fmt: skip


def to_json(table: Understanding) -> dict[str, Any]:
    """Returns everything that was understood."""
    targets = table.targets
    return {
        "format": table.raw.written.to_json() | {"sentence": written(table)},
        "target": list(targets.names),
        "task": targets.task,
        "why": {"target": table.why_target, "task": targets.why},
        "rows": table.n_rows,
        "classes": {
            str(name): count for name, count in zip(targets.classes, targets.counts, strict=True)
        },
        "columns": {each.name: _column(each) for each in table.columns},
        "features": table.width,
        "split": way(table),
        "warnings": [each.to_json() for each in findings(table)],
    }


def way(table: Understanding) -> str:
    """Returns how rows are split."""
    fixed = table.splitter.fixed
    words = WAYS[table.splitter.way].format(
        often="once for all seeds" if fixed else "anew for every seed"
    )
    n = table.splitter.gap
    gap = f"; {n} windows between two parts are left out" if n else ""
    return words + "; one split for all seeds" * (fixed and table.splitter.way != "random") + gap


def _column(each: Column) -> dict[str, Any]:
    return {
        "type": each.type,
        "missing": each.missing,
        "width": each.width,
        "used": each.used,
        "why": each.why,
    }


def column_rows(table: Understanding) -> list[dict[str, Any]]:
    """Returns a row for each column, for a table."""
    return [{"column": each.name, **_column(each)} for each in table.columns]


def constant(table: Understanding) -> dict[str, float | None]:
    """Returns the test loss of the best constant prediction, and its error; means over seeds.

    The loss is in squared standard deviations of the target, or in nats. A regression has no error.
    """
    rows = np.arange(table.n_rows)
    rare = bool(table.targets.rare)  # no split is possible: the loss on the rows themselves
    splits = [(rows, rows)] if rare else [
        (parts.train, parts.test) for parts in map(table.splitter, seeds_from_count(SEEDS))
    ]  # fmt: skip
    y = table.targets.values
    if table.targets.task == "regression":
        losses = [
            float((((y[test] - y[train].mean(0)) / (y[train].std(0) + TINY)) ** 2).mean())
            for train, test in splits
        ]
        return {"loss": float(np.mean(losses)), "error": None}
    k = len(table.targets.classes)
    losses, errors = [], []
    for train, test in splits:
        seen = np.bincount(y[train], minlength=k)
        shares = np.bincount(y[test], minlength=k) / len(test)
        losses.append(float(-(shares * np.log((seen + 1) / (len(train) + k))).sum()))
        errors.append(1 - float(shares[seen.argmax()]))
    return {"loss": float(np.mean(losses)), "error": float(np.mean(errors))}
