"""Which rows go to training, validation and test, so that nothing of one leaks into another.

The sizes of the parts are the same for every seed, because models of several seeds are trained
stacked in one tensor. Where groups of rows stay together, a few rows may be in no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.splitting import Parts, at_random, sixty_twenty_twenty, stratified
from frontier_search.errors import SpecError
from frontier_search.table import cells

if TYPE_CHECKING:
    import pandas as pd

FOLDS = 5
MAX_FOLDED = 300  # rows; a smaller table is cross-validated
MAX_WASTE = 0.1  # of the rows, in no part because equal rows stay together
DEFAULT_STEP = 101  # of ``seeds_from_count``

Way = Literal["random", "folds", "groups", "forward", "given"]


@dataclass(frozen=True)
class Splitter:
    """Seed -> the row numbers of each part.

    Attributes:
        way: random, folds (a seed is a fold), groups (equal numbers stay together), forward (the
            rows are in the order of ``order``), given (as ``part`` says).
        classes: class numbers (n_rows,); all 0 for a regression.
        groups: group numbers (n_rows,), for groups.
        order: what the rows are ordered by (n_rows,), for forward.
        part: 0 train, 1 validation, 2 test (n_rows,), for given.
        gap: rows between two parts of a forward split, which are in no part.
        fixed: whether all seeds have the same parts.
    """

    way: Way
    classes: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None
    order: NDArray[np.float64] | None = None
    part: NDArray[np.int64] | None = None
    fixed: bool = False
    gap: int = 0

    def __call__(self, seed: int) -> Parts:
        seed = 0 if self.fixed else seed
        if self.way == "folds":
            return _fold(self.classes, seed)
        if self.way == "groups" and self.groups is not None:
            return _grouped(self.groups, self.classes, seed)
        if self.way == "forward" and self.order is not None:
            return _forward(self.order, self.gap)
        if self.way == "given" and self.part is not None:
            return _given(self.part, self.classes, seed)
        if not self.classes.any():
            n = len(self.classes)
            return at_random(n, sixty_twenty_twenty(n), seed)
        return stratified(self.classes, seed)

    @property
    def wasted(self) -> int:
        """The rows that are in no part; all of them if they cannot be split."""
        try:
            return len(self.classes) - sum(len(part) for part in self(DEFAULT_STEP))
        except SpecError:
            return len(self.classes)


def _fold(classes: NDArray[np.int64], seed: int) -> Parts:
    """Returns fold ``seed`` of a stratified cross-validation: a fifth each for test and validation.

    The seeds 101, 202, ... take the five folds of one shuffling in turn, then of the next.
    """
    if seed % DEFAULT_STEP == 0 and seed > 0:
        repetition, fold = divmod(seed // DEFAULT_STEP - 1, FOLDS)
    else:
        repetition, fold = divmod(seed + 1_000_000, FOLDS)
    rng = np.random.default_rng(repetition)
    shuffled = rng.permutation(len(classes))
    # dealt class by class, so that every fold has its share of each
    dealt = shuffled[np.argsort(classes[shuffled], kind="stable")]
    size = len(classes) // FOLDS
    test = dealt[fold::FOLDS][:size]
    val = dealt[(fold + 1) % FOLDS :: FOLDS][:size]
    train = np.setdiff1d(np.arange(len(classes)), np.concatenate([test, val]))
    mix = np.random.default_rng([seed, FOLDS])
    return Parts(*(mix.permutation(part).astype(np.intp) for part in (train, val, test)))


def _grouped(groups: NDArray[np.int64], classes: NDArray[np.int64], seed: int) -> Parts:
    """Keeps the rows of a group in one part; if classes do not cross groups, within each class."""
    rng = np.random.default_rng(seed)
    pure = len(np.unique(groups)) == len(np.unique(np.stack([groups, classes]), axis=1).T)
    strata = classes if pure else np.zeros_like(classes)
    pieces = [_fill(np.flatnonzero(strata == label), groups, rng) for label in np.unique(strata)]
    joined = [np.concatenate(part) for part in zip(*pieces, strict=True)]
    return Parts(*(rng.permutation(part).astype(np.intp) for part in joined))


def _fill(
    rows: NDArray[np.intp], groups: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.intp], ...]:
    """Deals whole groups of some rows to train, validation and test.

    Validation and test take groups in random order while they fit. Rows of groups of one row are
    held back to fill what is left; where there are too few, a part of a group fills it and the rest
    of that group is in no part. Then training gives up so many rows that its size is the same for
    every seed.
    """
    members: dict[int, list[int]] = {}
    for row in rows:
        members.setdefault(int(groups[row]), []).append(int(row))
    sizes = np.array([len(each) for each in members.values()])
    largest, n = int(sizes.max()), len(rows)
    fifth = max(1, round(n / 5))
    if (sizes == largest).all():  # whole groups then fill a part exactly
        fifth = largest * max(1, round(len(sizes) / 5))
    keys = list(members)
    singles = [key for key in keys if len(members[key]) == 1]
    held = [singles[i] for i in rng.permutation(len(singles))[: 2 * (largest - 1)]]
    exact = (sizes == largest).all() or len(held) == 2 * (largest - 1)
    waste = 0 if exact else 2 * (largest - 1)
    while waste and fifth > 1 and n - 2 * fifth - waste < 1:  # few rows, and a large group of them
        fifth -= 1
    if waste and n - 2 * fifth - waste < 1:
        raise SpecError(
            f"one group holds {largest} of {n} rows, so that no part of a split is left for the "
            "others. Leave it out, or group by another column."
        )
    queue = [keys[i] for i in rng.permutation(len(keys)) if keys[i] not in set(held)]
    filled: list[list[int]] = []
    for _ in ("test", "val"):
        part: list[int] = []
        for key in list(queue):
            if len(part) + len(members[key]) <= fifth:
                part += members[key]
                queue.remove(key)
        while len(part) < fifth and held:
            part += members[held.pop()]
        if len(part) < fifth and queue:
            part += members[queue.pop(0)][: fifth - len(part)]
        filled.append(part)
    rest = [row for key in [*queue, *held] for row in members[key]]
    return np.array(rest[: n - 2 * fifth - waste]), np.array(filled[1]), np.array(filled[0])


def _forward(order: NDArray[np.float64], gap: int) -> Parts:
    """Trains on the first 60 %, validates on the next 20 % and tests on the last.

    Rows of one time stay in one part. The first ``gap`` rows of validation and test are left out.
    """
    rows = np.argsort(order, kind="stable")
    sizes = sixty_twenty_twenty(len(rows))
    changes = np.flatnonzero(np.diff(order[rows])) + 1  # the first rows of later times
    if len(changes) < 2:
        raise SpecError("--time: it has fewer than three different times, one for each part.")
    first = _nearest(changes[:-1], sizes.train)
    second = _nearest(changes[changes > first], sizes.train + sizes.val)
    val, test = rows[first + gap : second], rows[second + gap :]
    if not (len(val) and len(test)):
        raise SpecError(
            f"--window: between two parts lie {gap} windows that would share steps, and "
            f"{len(rows)} windows leave none for validation or test. Give a smaller --window, or "
            "more steps."
        )
    return Parts(rows[:first], val, test)


def _nearest(edges: NDArray[np.intp], cut: int) -> int:
    return int(edges[np.abs(edges - cut).argmin()])


def _given(part: NDArray[np.int64], classes: NDArray[np.int64], seed: int) -> Parts:
    """Returns the parts as given; without validation rows, a quarter of the training rows."""
    train, val, test = (np.flatnonzero(part == number) for number in range(3))
    if not len(val):
        rng = np.random.default_rng(seed)
        pieces = [rng.permutation(train[classes[train] == label]) for label in np.unique(classes)]
        cuts = [max(1, len(piece) // 4) for piece in pieces]
        val = np.concatenate([piece[:cut] for piece, cut in zip(pieces, cuts, strict=True)])
        train = np.concatenate([piece[cut:] for piece, cut in zip(pieces, cuts, strict=True)])
    return Parts(train, val, test)


_PARTS = {
    "train": 0, "training": 0, "tr": 0, "fit": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1,
    "test": 2, "testing": 2, "holdout": 2, "te": 2,
}  # fmt: skip


def given_parts(series: pd.Series[Any]) -> NDArray[np.int64]:
    """Returns the part of each row, 0 train, 1 validation, 2 test, as a column says it.

    Raises:
        SpecError: it says something else, or nothing.
    """
    codes, texts = cells.distinct(series)
    read = [_PARTS.get(text.casefold(), -1) for text in texts]
    if -1 in read or (codes < 0).any() or not {0, 2} <= set(read):
        raise SpecError(
            f"--split {series.name}: it holds {', '.join(map(repr, texts[:5]))}; train and "
            "test are needed, and validation is allowed, in every row."
        )
    return np.array(read, dtype=np.int64)[codes]
