"""Makes rows of a long table, in which a row is a step: one of each sequence, or many of a series.

A column ``NAME[-k]`` holds what the column NAME had k steps before a row's last one. A sequence
that is shorter than the longest is padded before its first step.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.series import windows
from frontier_search.errors import SpecError
from frontier_search.table import cells, choosing, column_types
from frontier_search.table.cells import Numbers
from frontier_search.table.column import Column
from frontier_search.table.options import ROW_ORDER, TableOptions
from frontier_search.table.raw import RawTable, Written

if TYPE_CHECKING:
    import pandas as pd

LISTED = 5  # names in one sentence
AHEAD = 1  # steps from the last one of a window to its target, unless the user says otherwise
_PLACED = re.compile(r"(.*)\[(?:0|-\d+)\]", re.DOTALL)


@dataclass(frozen=True)
class _Steps:
    """The steps of a long table in the order of time, sequence by sequence.

    Attributes:
        frame: the rows in this order.
        starts: the first row of each sequence, (n_sequences,).
        names: of the columns that have no use yet.
    """

    frame: pd.DataFrame
    starts: NDArray[np.intp]
    names: list[str]


def as_rows(raw: RawTable, options: TableOptions) -> tuple[RawTable, TableOptions]:
    """Returns the rows that the options ask for, and the options that are left for them.

    Raises:
        SpecError: the table has no such rows; every reason, each a sentence.
    """
    if options.ahead is not None and options.window is None:
        raise SpecError("--ahead says which step a window predicts; give --window STEPS too.")
    if options.sequence is None and options.window is None:
        return raw, options
    _refuse_options(raw, options)
    steps = _ordered(raw, options)
    left = replace(options, drop=(), keep=())
    made = _sequences(raw, options, steps) if options.sequence else _windows(raw, options, steps)
    return made, left


def like(frame: pd.DataFrame, options: TableOptions, columns: Sequence[str]) -> pd.DataFrame:
    """Returns rows as a model takes them, of steps as they are in a file.

    Args:
        frame: one row a step. Rows that have the ``columns`` already are returned as they are.
        columns: ``NAME[-k]``, in the order of the trained table.

    Raises:
        SpecError: a column is missing or holds no numbers.
    """
    import pandas as pd

    if (options.sequence is None and options.window is None) or columns[0] in frame.columns:
        return frame
    channels = list(dict.fromkeys(channel_of(name) for name in columns))
    length = len(columns) // len(channels)
    steps = _ordered(RawTable(frame.reset_index(drop=True), Written("rows")), options)
    absent = [repr(name) for name in channels if name not in steps.names]
    if absent:
        raise SpecError(
            f"the rows have no column {', '.join(absent)}; a step needs "
            f"{', '.join(map(repr, channels))}, in any order."
        )
    read = [column_types.understand(steps.frame[name], name) for name in channels]
    try:
        values = _values(steps.frame, read, options)
    except ValueError as error:
        raise SpecError(f"a step holds numbers, and {error} is none.") from error
    if options.window is None:
        return pd.DataFrame(_padded(values, steps.starts, length), columns=list(columns))
    if len(values) < length:
        raise SpecError(f"the rows have {len(values)} steps; a window needs {length}.")
    return pd.DataFrame(windows(values, length), columns=list(columns))


def _refuse_options(raw: RawTable, options: TableOptions) -> None:
    flag = "--sequence" if options.sequence else "--window"
    if options.sequence and options.window is not None:
        raise SpecError(
            "--sequence makes a row of each sequence, --window makes many rows of one series; "
            "leave one of them out."
        )
    if options.time is None:
        raise SpecError(f"{flag} needs the order of the steps: --time COLUMN, or --time row-order.")
    if raw.image is not None:
        raise SpecError(f"{flag} is for tables with one row a step; {raw.source} holds arrays.")
    if options.window is not None and options.window < 1:
        raise SpecError(f"--window {options.window}: at least one step is needed.")
    if options.ahead is not None and options.ahead < 0:
        raise SpecError(f"--ahead {options.ahead}: 0, the window's last step, is the least.")


def _ordered(raw: RawTable, options: TableOptions) -> _Steps:
    import pandas as pd

    frame, names = raw.frame, [str(name) for name in raw.frame.columns]
    of = np.zeros(len(frame), dtype=np.int64)
    if options.sequence is not None:
        name = choosing.find(names, options.sequence, "sequence")
        of = pd.factorize(frame[name])[0].astype(np.int64)
        if (of < 0).any():
            raise SpecError(f"--sequence {name}: {int((of < 0).sum())} rows name no sequence.")
        names.remove(name)
    times: Numbers = np.arange(float(len(frame)))
    if options.time is not None and options.time != ROW_ORDER:
        name = choosing.find(names, options.time, "time")
        times = _times(raw, name, options)
        names.remove(name)
        if len(np.unique(np.stack([of, times]), axis=1).T) < len(frame):
            advice = "; several series need --sequence COLUMN" if options.sequence is None else ""
            raise SpecError(f"--time {name}: two steps of one sequence have the same time{advice}.")
    order = np.lexsort((times, of))
    sorted_of = of[order]
    starts = np.flatnonzero(np.diff(sorted_of, prepend=-1))
    return _Steps(frame.iloc[order].reset_index(drop=True), starts, names)


def _times(raw: RawTable, name: str, options: TableOptions) -> Numbers:
    column = _understood(raw, name, options)
    times = column.coding(np.zeros(1)).read(raw.frame[name])
    if column.type not in ("number", "date", "identifier", "boolean") or np.isnan(times).any():
        raise SpecError(f"--time {name}: every step needs a number or a date.")
    return times


def _understood(raw: RawTable, name: str, options: TableOptions) -> Column:
    return column_types.understand(
        raw.frame[name], name, options.missing_in(name), raw.written.decimal,
        raw.written.thousands, raw.written.first_row, options.rules,
    )  # fmt: skip


def _sequences(raw: RawTable, options: TableOptions, steps: _Steps) -> RawTable:
    """Returns a row for each sequence, in the order in which they begin in the file."""
    import pandas as pd

    chosen = choosing.choose(steps.names, options)
    fixed = [*_beside(steps.names, options), *chosen.names]
    lengths = np.diff(np.append(steps.starts, len(steps.frame)))
    which = np.repeat(np.arange(len(lengths)), lengths)
    for name in fixed:
        counts = steps.frame[name].groupby(which).nunique(dropna=False)
        if (counts > 1).any():
            raise SpecError(
                f"column {name!r} changes within a sequence; it needs one value a sequence. To "
                "forecast a series, give --time COLUMN --window STEPS in place of --sequence."
            )
    columns = _channels(raw, steps.names, {*fixed, *chosen.beside}, options)
    values = _values(steps.frame, columns, options)
    length = int(lengths.max())
    padded = _padded(values, steps.starts, length)
    frame = pd.DataFrame(padded, columns=_placed(columns, length))
    rest = steps.frame.iloc[steps.starts][fixed].reset_index(drop=True)
    shortest = f"{int(lengths.min())} to " if lengths.min() < length else ""
    note = f"{len(frame)} sequences of {shortest}{length} steps of {len(columns)} numbers"
    return _made(raw, pd.concat([frame, rest], axis=1), (length, len(columns)), note, None)


def _windows(raw: RawTable, options: TableOptions, steps: _Steps) -> RawTable:
    """Returns a row for each window that has a target, in the order of time."""
    import pandas as pd

    length = options.window or 1
    ahead = AHEAD if options.ahead is None else options.ahead
    chosen = choosing.choose(steps.names, options)
    fixed = [*_beside(steps.names, options), *chosen.names]
    own_past = {
        name for name in chosen.names if ahead and _is_number(_understood(raw, name, options))
    }
    columns = _channels(raw, steps.names, {*fixed, *chosen.beside} - own_past, options, own_past)
    n_rows = len(steps.frame) - length + 1 - ahead
    if n_rows < 1:
        raise SpecError(
            f"{raw.source} has {len(steps.frame)} steps; a window of {length} and a target {ahead} "
            f"ahead need {length + ahead} and more. Give a smaller --window."
        )
    values = _values(steps.frame, columns, options)
    frame = pd.DataFrame(windows(values, length)[:n_rows], columns=_placed(columns, length))
    rest = steps.frame[fixed].iloc[length - 1 + ahead :].reset_index(drop=True)
    note = f"{n_rows} windows of {length} steps of {len(columns)} numbers, target {ahead} ahead"
    shape = (length, len(columns))
    return _made(raw, pd.concat([frame, rest], axis=1), shape, note, length - 1 + ahead)


def _made(
    raw: RawTable, frame: pd.DataFrame, shape: tuple[int, int], note: str, gap: int | None
) -> RawTable:
    written = replace(raw.written, notes=(*raw.written.notes, note))
    return replace(raw, frame=frame, written=written, sequence=shape, gap=gap, part=None)


def _beside(names: Sequence[str], options: TableOptions) -> list[str]:
    """Returns the columns that say something of a row and not of a step."""
    given = [(key, getattr(options, key)) for key in ("group", "split", "weight")]
    return [choosing.find(names, value, key) for key, value in given if value is not None]


def _channels(
    raw: RawTable,
    names: Sequence[str],
    taken: set[str],
    options: TableOptions,
    kept: Collection[str] = (),
) -> list[Column]:
    """Returns the columns of numbers that differ, count nothing and have no other use.

    Args:
        kept: columns that are used although they may count something.
    """
    kept = {*kept, *choosing.expanded(names, options.keep)}
    dropped = {
        choosing.find(names, name, "drop") for name in choosing.expanded(names, options.drop)
    }
    found = [
        _understood(raw, name, options)
        for name in names
        if name not in taken and name not in dropped
    ]
    channels = [
        each
        for each in found
        if each.type != "constant" and (each.type != "identifier" or each.name in kept)
    ]
    words = [repr(each.name) for each in channels if not _is_number(each)]
    if words:
        raise SpecError(
            f"a step holds numbers; these columns of {raw.source} do not: "
            f"{', '.join(words[:LISTED])}. Turn them into numbers, or leave them out with --drop."
        )
    if not channels:
        raise SpecError(f"{raw.source} has no column of numbers that differ, which a step needs.")
    return channels


def _is_number(column: Column) -> bool:
    return column.type == "number" or column.numeric


def _values(frame: pd.DataFrame, columns: Sequence[Column], options: TableOptions) -> Numbers:
    """Returns the numbers of each step, (n_steps, n_channels), not-a-number if missing."""
    read = [
        cells.numbers(frame[each.name], each.written, options.missing_in(each.name))
        for each in columns
    ]
    return np.stack(read, axis=1)


def _padded(values: Numbers, starts: NDArray[np.intp], length: int) -> Numbers:
    """Returns the last ``length`` steps of each sequence, (n_sequences, length n_channels)."""
    rows = np.full((len(starts), length, values.shape[1]), np.nan)
    for row, start, end in zip(rows, starts, [*starts[1:], len(values)], strict=True):
        seen = values[max(start, end - length) : end]
        row[length - len(seen) :] = seen
    return rows.reshape(len(rows), -1)


def _placed(columns: Sequence[Column], length: int) -> list[str]:
    """Returns the names of a row's columns, step by step."""
    return [f"{each.name}[{step}]" for step in range(1 - length, 1) for each in columns]


def channel_of(name: str) -> str:
    """Returns the column of the file that a row's column ``NAME[-k]`` comes from."""
    match = _PLACED.fullmatch(name)
    return match[1] if match else name
