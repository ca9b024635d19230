"""A table, understood: what its columns are, what is predicted and why, how it is split."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.table import belonging, choosing, copies, roles, sequences, target
from frontier_search.table.cells import Numbers
from frontier_search.table.coding import WHITE, NumberCoding, Scale, usual_values
from frontier_search.table.column import CODED, Column, looks_like_time
from frontier_search.table.copies import Copy
from frontier_search.table.options import ROW_ORDER, TableOptions
from frontier_search.table.preprocessing import Preprocessing, Target
from frontier_search.table.raw import RawTable
from frontier_search.table.split import MAX_FOLDED, MAX_WASTE, Splitter, given_parts
from frontier_search.table.target import Targets
from frontier_search.table.values import Chosen, Values

if TYPE_CHECKING:
    import pandas as pd

MIN_ROWS = 20
LISTED = 5  # names in one sentence
LARGE = 32 << 20  # bytes of the inputs of all rows
PIXEL_COLUMNS = 16  # so many columns of whole numbers from 0 to 255 are pixels
LIT = 200  # the largest pixel of all is at least as bright


@dataclass(frozen=True, eq=False)
class Understanding:
    """What was found in a table.

    Attributes:
        raw: as it was read.
        options: what the user said.
        columns: all of them, in the order of the table.
        targets: encoded.
        why_target: how the target was chosen.
        splitter: of the kept rows.
        values: what the codings read of every feature, (n_rows,) each.
        copies: columns that repeat another one.
        groups: names of columns that seem to say to what a row belongs.
        pixels: whether the features are pixels, which are divided by 255.
    """

    raw: RawTable
    options: TableOptions
    columns: tuple[Column, ...]
    targets: Targets
    why_target: str
    splitter: Splitter
    values: Mapping[str, Numbers]
    copies: tuple[Copy, ...] = ()
    groups: tuple[str, ...] = ()
    pixels: bool = False

    @property
    def used(self) -> tuple[Column, ...]:
        """The features."""
        return tuple(each for each in self.columns if each.used)

    @property
    def n_rows(self) -> int:
        """The rows with a target."""
        return len(self.targets.values)

    @property
    def width(self) -> int:
        """The inputs of a model."""
        return sum(each.width for each in self.used)

    @property
    def is_large(self) -> bool:
        """Whether its rows are kept once for all seeds, and so are scaled alike for all of them."""
        return 4 * self.n_rows * self.width > LARGE

    @functools.cached_property
    def frame(self) -> pd.DataFrame:
        """The rows with a target, as they were read."""
        kept = self.targets.kept
        return self.raw.frame if kept.all() else self.raw.frame[kept].reset_index(drop=True)

    @functools.cached_property
    def equal_rows(self) -> NDArray[np.int64] | None:
        """A number for each row, equal for equal rows; None if no two rows are equal.

        Rows are equal in all features and in the target; identifiers say nothing.
        """
        return self._equal(*self.targets.values.reshape(self.n_rows, -1).T)

    @functools.cached_property
    def equal_features(self) -> NDArray[np.int64] | None:
        """The same as ``equal_rows``, of rows that are equal in all features."""
        return self._equal()

    def _equal(self, *further: NDArray[Any]) -> NDArray[np.int64] | None:
        import pandas as pd

        features = (self.values[each.name] for each in self.used)  # one after another in memory
        hashes = np.zeros(self.n_rows, dtype=np.uint64)
        for values in itertools.chain(features, further):
            of_column = pd.util.hash_array(np.ascontiguousarray(values, dtype=np.float64) + 0.0)
            hashes = hashes * np.uint64(1_000_003) + of_column
        codes, distinct = pd.factorize(hashes)
        return codes.astype(np.int64) if len(distinct) < self.n_rows else None

    @property
    def times(self) -> tuple[str, ...]:
        """The columns that seem to say when: dates, and numbers whose names speak of time."""
        return tuple(
            each.name
            for each in self.columns
            if not each.role
            and (each.type == "date" or (each.type == "number" and looks_like_time(each.name)))
        )

    @functools.cached_property
    def weights(self) -> NDArray[np.float64] | None:
        """The weight of each row, or None."""
        if self.options.weight is None:
            return None
        from frontier_search.table import cells

        name = choosing.find(list(self.frame.columns), self.options.weight, "weight")
        values = cells.numbers(self.frame[name])
        if not (np.isfinite(values) & (values >= 0)).all() or not values.any():
            raise SpecError(
                f"--weight {name}: every row needs a finite weight of at least 0, and some above 0."
            )
        return values

    def usual(self, name: str) -> NDArray[np.bool_]:
        """Returns which numbers of a feature or target are not extreme, (n_rows,)."""
        if name not in self._usual:
            values = self.numbers[name]
            known = ~np.isnan(values)
            usual = known.copy()
            if known.any():
                usual[known] = usual_values(values[known])
            self._usual[name] = usual
        return self._usual[name]

    @functools.cached_property
    def _usual(self) -> dict[str, NDArray[np.bool_]]:
        return {}

    @functools.cached_property
    def numbers(self) -> Mapping[str, Numbers]:
        """The features that are numbers, and the targets of a regression, (n_rows,) each."""
        names = [each.name for each in self.used if each.type == "number"]
        targets: dict[str, Numbers] = {}
        if self.targets.task == "regression":
            targets = dict(zip(self.targets.names, self.targets.values.T, strict=True))
        return Chosen(self.values, names, targets)

    def read(self, name: str) -> Numbers:
        """Returns what the coding of a column reads of the rows with a target, (n_rows,)."""
        if name in self.values:
            return self.values[name]
        (each,) = [column for column in self.columns if column.name == name]
        return each.coding(np.zeros(1)).read(self.frame[name])

    def preprocessing(self, training: NDArray[np.intp]) -> Preprocessing:
        """Returns the preprocessing that some training rows fit.

        Args:
            training: row numbers.
        """
        codings = []
        shared = self._scales_of_channels(training)
        for each in self.used:
            coding = each.coding(self.values[each.name][training])
            if shared and isinstance(coding, NumberCoding):
                coding = replace(coding, scale=shared[sequences.channel_of(each.name)])
            if self.pixels and isinstance(coding, NumberCoding):
                coding = replace(coding, scale=Scale(0.0, 0.0, WHITE, 0.0, WHITE))
            codings.append(coding)
        names, classes = self.targets.names, self.targets.classes
        if classes:
            return Preprocessing(tuple(codings), Target(names, classes))
        seen = self.targets.values[training]
        constant = seen.max(axis=0) == seen.min(axis=0)
        scale = np.where(constant, 1.0, seen.std(axis=0))
        centre = seen.mean(axis=0)
        return Preprocessing(
            tuple(codings), Target(names, (), tuple(centre.tolist()), tuple(scale.tolist()))
        )

    def _scales_of_channels(self, training: NDArray[np.intp]) -> dict[str, Scale]:
        """Returns one scale for all steps of a column of a long table; a missing step is its mean.

        Arrays of sequences, whose columns come from no table, have none: their numbers are scaled
        one by one, as the features of any array.
        """
        if self.options.sequence is None and self.options.window is None:
            return {}
        seen: dict[str, list[Numbers]] = {}
        for each in self.used:
            values = self.values[each.name][training]
            seen.setdefault(sequences.channel_of(each.name), []).append(values)
        scales = {name: Scale.fit(_given(np.concatenate(parts))) for name, parts in seen.items()}
        return {name: replace(scale, fill=scale.centre) for name, scale in scales.items()}

    def inputs(self, preprocessing: Preprocessing) -> NDArray[np.float32]:
        """Returns the inputs of a model for all rows, (n_rows, width)."""
        x = np.empty((self.n_rows, preprocessing.width), dtype=np.float32)
        start = 0
        for coding in preprocessing.codings:
            end = start + len(coding.names)
            x[:, start:end] = coding.encode(self.values[coding.name])
            start = end
        return x


def understand(raw: RawTable, options: TableOptions) -> Understanding:
    """Returns what a table is.

    Raises:
        SpecError: no model can be trained on it; every reason, each a sentence.
    """
    raw, options = sequences.as_rows(raw, options)
    frame, source = raw.frame, raw.source
    names = [str(name) for name in frame.columns]
    if len(names) < 2:
        other = (
            " If its columns are separated by another sign than , ; | tabs or spaces, give it with "
            "--separator."
        )
        raise SpecError(
            f"{source} has {'one column, ' + repr(names[0]) if names else 'no column'}; a feature "
            "and a target are needed." + other * bool(raw.written.separator)
        )
    if len(frame) < MIN_ROWS:
        raise SpecError(
            f"{source} has {len(frame)} rows; at least {MIN_ROWS} are needed to split them in "
            "three. Add rows."
        )
    said = options if options.target or not raw.targets else replace(options, target=raw.targets)
    chosen = choosing.choose(names, said)
    why = chosen.why if options.target or not raw.targets else "the file says so"
    columns = roles.columns_of(raw, names, options, chosen.names)
    of_target = [each for each in columns if each.name in chosen.names]
    targets = target.encode(frame, of_target, chosen, options)
    if targets.kept.sum() < MIN_ROWS:
        raise SpecError(
            f"{source} has {int(targets.kept.sum())} rows with a target; at least {MIN_ROWS} are "
            "needed."
        )
    why = "; ".join([why, *targets.notes])
    columns = roles.with_roles(columns, names, options, chosen)
    roles.refuse_unusable(frame, columns, source)
    kept = frame if targets.kept.all() else frame[targets.kept].reset_index(drop=True)
    values = Values(kept, [each for each in columns if each.used])
    copied: tuple[Copy, ...] = ()
    groups: tuple[str, ...] = ()
    if not raw.placed:
        copied = copies.find([each for each in columns if each.used], values)
        columns = roles.without_copies(columns, copied, options)
        groups = belonging.suspected(kept, columns, values, targets)
        columns = roles.without_whom(columns, groups, options)
    random = Splitter("random", _classes_of(targets))
    understood = Understanding(raw, options, columns, targets, why, random, values, copied, groups)
    understood = replace(understood, pixels=_are_pixels(understood))
    splitter = _splitter(understood)
    # the pixels of an image are scaled alike by all training rows
    fixed = understood.is_large and not (understood.pixels and bool(targets.classes))
    return replace(understood, splitter=replace(splitter, fixed=fixed))


def _given(values: Numbers) -> Numbers:
    return values[~np.isnan(values)]


def _classes_of(targets: Targets) -> NDArray[np.int64]:
    if targets.task == "regression":
        return np.zeros(len(targets.values), dtype=np.int64)
    return np.asarray(targets.values, dtype=np.int64)


def _are_pixels(table: Understanding) -> bool:
    """Returns whether the features are pixels: many columns of whole numbers from 0 to 255."""
    used = table.used
    if len(used) < PIXEL_COLUMNS or any(
        not each.whole or each.type not in CODED or each.missing for each in used
    ):
        return False
    tops = [float(table.frame[each.name].max()) for each in used]
    return (
        max(tops) <= WHITE
        and max(tops) >= LIT
        and all(float(table.frame[each.name].min()) >= 0 for each in used)
    )


def _splitter(table: Understanding) -> Splitter:
    """Returns how rows are split, as the user said or as the rows need it.

    Raises:
        SpecError: the rows cannot be split so.
    """
    options, frame = table.options, table.frame
    names, classes = list(frame.columns), _classes_of(table.targets)
    if table.raw.part is not None:
        return Splitter("given", classes, part=table.raw.part[table.targets.kept])
    if options.split is not None:
        part = given_parts(frame[choosing.find(names, options.split, "split")])
        return Splitter("given", classes, part=part)
    if table.raw.gap is not None:
        order = np.arange(float(len(frame)))
        return Splitter("forward", classes, order=order, gap=table.raw.gap)
    if options.time is not None and options.sequence is None:
        if options.time == ROW_ORDER:
            return Splitter("forward", classes, order=np.arange(float(len(frame))))
        name = choosing.find(names, options.time, "time")
        (found,) = [each for each in table.columns if each.name == name]
        order = found.coding(np.zeros(1)).read(frame[name])
        if np.isnan(order).any():
            raise SpecError(f"--time {name}: {int(np.isnan(order).sum())} rows have no time.")
        return Splitter("forward", classes, order=order)
    if options.group is not None:
        import pandas as pd

        groups, levels = pd.factorize(frame[choosing.find(names, options.group, "group")])
        if len(levels) < 5:
            raise SpecError(
                f"--group {options.group}: it has {len(levels)} groups; at least 5 are needed to "
                "keep each in one part."
            )
        return Splitter("groups", classes, groups=groups.astype(np.int64))
    together = table.equal_rows
    if together is not None:
        grouped = Splitter("groups", classes, groups=together)
        if grouped.wasted <= MAX_WASTE * len(classes):
            return grouped
    folds = table.n_rows < MAX_FOLDED and not table.targets.rare
    return Splitter("folds" if folds else "random", classes)


def listed(names: Sequence[str], quoted: bool = True) -> str:
    """Returns the first names, and how many more there are."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(repr(name) if quoted else name for name in names[:LISTED]) + more
