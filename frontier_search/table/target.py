"""Whether the target holds numbers or classes: and why. What is predicted, encoded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Task
from frontier_search.errors import SpecError
from frontier_search.table import cells, spelling
from frontier_search.table.cells import Numbers
from frontier_search.table.choosing import Chosen
from frontier_search.table.column import Column
from frontier_search.table.options import TableOptions
from frontier_search.table.preprocessing import Class

if TYPE_CHECKING:
    import pandas as pd

MIN_ROWS_A_CLASS = 3  # one for each part of a split
FEW_CLASSES = 10  # whole numbers with at most so many different values are classes
MAX_CLASSES = 50
ROWS_A_CLASS = 5  # on average, for whole numbers with more than FEW_CLASSES different values
LISTED = 8  # classes in one sentence


@dataclass(frozen=True)
class Targets:
    """The encoded target.

    Attributes:
        names: of the columns.
        task: regression, binary or multiclass.
        why: why this task, for people.
        classes: in the order of class numbers; empty for a regression.
        counts: rows of each class.
        values: class numbers int64 (n_rows,), or float64 (n_rows, n_targets).
        kept: which rows of the table have a target and a class that stays, (n_table_rows,). The
            other arrays hold these rows only.
        notes: what was left out or merged, for people.
    """

    names: tuple[str, ...]
    task: Task
    why: str
    classes: tuple[Class, ...]
    counts: tuple[int, ...]
    values: NDArray[Any]
    kept: NDArray[np.bool_]
    notes: tuple[str, ...] = ()

    @property
    def n_outputs(self) -> int:
        if self.task == "regression":
            return len(self.names)
        return 1 if self.task == "binary" else len(self.classes)

    @property
    def rare(self) -> dict[str, int]:
        """The classes with too few rows for the three parts of a split."""
        return {
            str(name): count
            for name, count in zip(self.classes, self.counts, strict=True)
            if count < MIN_ROWS_A_CLASS
        }


def encode(
    frame: pd.DataFrame, columns: Sequence[Column], chosen: Chosen, options: TableOptions
) -> Targets:
    """Returns the encoded target.

    Args:
        columns: of the target, as understood.

    Raises:
        SpecError: nothing can be predicted; every reason, each a sentence.
    """
    notes: list[str] = []
    if len(columns) > 1:
        return _numbers(frame, columns, f"{len(columns)} targets are numbers", notes)
    column = columns[0]
    if column.type == "constant":
        texts = cells.distinct(frame[column.name], column.also_missing)[1]
        raise SpecError(_constant_target(column.name, texts, column.missing))
    task, why = _task(frame[column.name], column, options)
    if task == "regression":
        return _numbers(frame, columns, why, notes)
    return _classes(frame[column.name], column, task, why, options, notes)


def _task(series: pd.Series[Any], column: Column, options: TableOptions) -> tuple[Task, str]:
    from pandas.api.types import is_float_dtype

    name, values = column.name, column.values
    overrule = "; --task {} overrules this"
    if options.task is not None:
        return options.task, "given with --task"
    if column.type == "date":
        raise SpecError(
            f"the target {name!r} holds dates, and no date can be predicted. Name another target "
            "with --target, or write days since a day in its place."
        )
    if column.type in ("category", "boolean", "text") and not column.whole:
        return ("binary" if values == 2 else "multiclass"), f"{name!r} holds {values} words"
    if column.type == "identifier" and not column.whole and column.values > MAX_CLASSES:
        return "multiclass", f"{name!r} holds {values} words"
    written_as_floats = is_float_dtype(series.dtype) and not column.missing
    if options.rules >= 3 and column.whole and values == 2:
        return "binary", f"{name!r} holds two different numbers" + overrule.format("regression")
    if not column.whole or written_as_floats:
        form = "written with decimals" if column.whole else "with fractions"
        return "regression", f"{name!r} holds numbers {form}" + overrule.format("multiclass")
    few = values <= FEW_CLASSES or (values <= MAX_CLASSES and len(series) >= ROWS_A_CLASS * values)
    why = f"{name!r} holds whole numbers with {values} different values"
    if few:
        return ("binary" if values == 2 else "multiclass"), why + overrule.format("regression")
    return "regression", why + overrule.format("multiclass")


def _numbers(frame: pd.DataFrame, columns: Sequence[Column], why: str, notes: list[str]) -> Targets:
    problems, read = [], []
    for column in columns:
        try:
            values = cells.numbers(frame[column.name], column.written, column.also_missing)
        except ValueError as error:
            problems.append(
                f"the target {column.name!r} is no number in {error}; name the target with "
                "--target, or predict classes with --task multiclass."
            )
            continue
        read.append(values)
        problems += _number_problems(values, column.name)
    if problems:
        raise SpecError(problems)
    values = np.stack(read, axis=1)
    kept = np.asarray(~np.isnan(values).any(axis=1))
    notes += _left_out(kept)
    flat = [
        column.name
        for column, numbers in zip(columns, values[kept].T, strict=True)
        if not len(numbers) or numbers.min() == numbers.max()
    ]
    if flat:
        raise SpecError(_constant_target(flat[0], values[kept][:1, 0].tolist()))
    names = tuple(column.name for column in columns)
    return Targets(names, "regression", why, (), (), values[kept], kept, tuple(notes))


def _number_problems(values: Numbers, name: str) -> list[str]:
    infinite = int(np.isinf(values).sum())
    if infinite:
        return [f"the target {name!r} is infinite in {infinite} rows; correct or leave out these."]
    largest = float(np.finfo(np.float32).max)
    beyond = np.flatnonzero(np.abs(values) > largest)
    if not len(beyond):
        return []
    said = (
        f"the target {name!r} is beyond 32-bit floats (3.4e38) in {len(beyond)} rows, the first "
        f"{values[beyond[0]]:g} in row {beyond[0] + 1}; correct or leave out these, or predict "
        "its logarithm."
    )
    return [said]


def _left_out(kept: NDArray[np.bool_]) -> list[str]:
    n = int((~kept).sum())
    return [f"{n} of {len(kept)} rows have no target and are left out"] if n else []


def _constant_target(name: str, values: Sequence[Any], empty: int = 0) -> str:
    is_what = f"is {values[0]!r} in every row" if len(values) else "has no value in any row"
    if len(values) and empty:
        is_what += (
            f" that has a value; {empty} rows are empty or hold a word such as NA or none. If that "
            "is a class, give it another word"
        )
    large = len(values) and isinstance(values[0], float) and abs(values[0]) > 2.0**53
    beyond = " (whole numbers beyond 64 bits are read as floats, which keep 16 digits)" * bool(
        large
    )
    return (
        f"the target {name!r} {is_what}{beyond}; name a column with two values or more with "
        "--target."
    )


def _classes(
    series: pd.Series[Any], column: Column, task: Task, why: str, options: TableOptions,
    notes: list[str],
) -> Targets:  # fmt: skip
    present = (*column.levels, *column.grouped)
    codes, texts = cells.distinct(series, column.also_missing, present)
    kept = codes >= 0
    notes += _left_out(kept)
    if len(texts) < 2:
        raise SpecError(_constant_target(column.name, texts, column.missing))
    texts, codes, said = spelling.merged(texts, codes, column, options)
    notes += said
    order, names = _ordered(texts)
    place = np.empty(len(texts), dtype=np.int64)
    place[order] = np.arange(len(texts))
    codes = np.where(kept, place[codes], -1)
    counts = np.bincount(codes[kept], minlength=len(names))
    if options.rare is not None:
        codes, names, note = _without_rare(codes, names, counts, options)
        notes += note
        kept = codes >= 0
        counts = np.bincount(codes[kept], minlength=len(names))
    if len(names) > MAX_CLASSES:
        raise SpecError(
            f"the target {column.name!r} has {len(names)} different values, e.g. "
            f"{', '.join(map(repr, names[:3]))}; at most {MAX_CLASSES} classes are allowed. Name "
            "another target with --target, or merge rare classes with --rare merge."
        )
    if len(names) < 2:
        raise SpecError(_constant_target(column.name, names))
    if task == "binary" and len(names) > 2:
        raise SpecError(
            f"--task binary: {column.name!r} has {len(names)} classes; give multiclass."
        )
    task = "binary" if len(names) == 2 else "multiclass"
    return Targets(
        (column.name,), task, why, tuple(names), tuple(counts.tolist()), codes[kept], kept,
        tuple(notes),
    )  # fmt: skip


def _ordered(texts: list[str]) -> tuple[list[int], list[Class]]:
    """Returns the order of classes, and their names: whole numbers by size, texts by letters."""
    read = [cells.PLAIN.number(text) for text in texts]
    if all(value is not None and float(value).is_integer() for value in read):
        order = sorted(range(len(texts)), key=lambda place: read[place] or 0.0)
        if all(_is_int(text) and str(int(text)) == text for text in texts):
            return order, [int(texts[place]) for place in order]
    else:
        order = sorted(range(len(texts)), key=lambda place: texts[place])
    return order, [texts[place] for place in order]


def _is_int(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d+", text) is not None


def _without_rare(
    codes: NDArray[np.int64], names: list[Class], counts: NDArray[np.int64], options: TableOptions
) -> tuple[NDArray[np.int64], list[Class], list[str]]:
    rare = [place for place, count in enumerate(counts) if count < MIN_ROWS_A_CLASS]
    if not rare:
        return codes, names, []
    listed = ", ".join(f"{names[place]!r} ({counts[place]})" for place in rare[:LISTED])
    stay = [place for place in range(len(names)) if place not in set(rare)]
    new = np.full(len(names) + 1, -1, dtype=np.int64)
    new[stay] = np.arange(len(stay))
    merged = [names[place] for place in stay]
    if options.rare == "merge":
        if counts[rare].sum() < MIN_ROWS_A_CLASS:
            raise SpecError(
                f"--rare merge: the rare classes together, {listed}, have fewer than "
                f"{MIN_ROWS_A_CLASS} rows; leave them out with --rare drop."
            )
        new[rare] = len(stay)
        merged = [*(str(name) for name in merged), "other"]
    word = "left out" if options.rare == "drop" else "merged into 'other'"
    return new[codes], merged, [f"rare classes {word}: {listed}"]
