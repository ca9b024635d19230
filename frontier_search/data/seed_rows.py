"""The rows of all seeds of a search: what a worker holds in memory, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Split
from frontier_search.data.pool import Pool, PoolRows, Scaling

PARTS = ("train", "val", "test")


@dataclass(frozen=True, eq=False)
class SeedRows:
    """One pool, and row numbers for each part and seed.

    If the splits of all seeds share a pool, it is this pool. Otherwise it is a new one, which holds
    the rows of every seed one behind the other.

    Attributes:
        pool: the table.
        numbers: part -> int32, shape (n_seeds, n_rows_of_the_part), of rows of the pool.
        x_scaling: of all seeds, (n_seeds, n_features); None leaves the features as they are.
        y_scaling: of all seeds, (n_seeds,); None leaves the targets as they are.
    """

    pool: Pool
    numbers: dict[str, NDArray[np.int32]]
    x_scaling: Scaling | None = None
    y_scaling: Scaling | None = None

    @staticmethod
    def of(split: Callable[[int], Split], seeds: Sequence[int]) -> SeedRows:
        """Splits a dataset for every seed.

        Args:
            split: seed -> Split, see ``Dataset.split``.

        Raises:
            SpecError: the rows are not available.
        """
        first = split(seeds[0])
        if not isinstance(first.train, PoolRows):
            return _copied(split, seeds, first)
        pool, splits = first.train.pool, [first, *(split(seed) for seed in seeds[1:])]
        parts = {name: [getattr(each, name) for each in splits] for name in PARTS}
        if any(rows.pool is not pool for each in parts.values() for rows in each):
            return _copied(split, seeds, first)
        return SeedRows(
            pool,
            {name: np.stack([rows.numbers for rows in parts[name]]) for name in PARTS},
            _of_seeds([rows.x_scaling for rows in parts["train"]]),
            _of_seeds([rows.y_scaling for rows in parts["train"]]),
        )

    def write(self, folder: Path) -> None:
        """Writes the arrays as ``.npy`` files, which processes of a machine can share."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in self._arrays():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)

    @staticmethod
    def read(folder: Path) -> SeedRows:
        """Opens what ``write`` wrote. Rows are read when they are used, once for all processes.

        Raises:
            OSError: there is no such file.
        """

        def array(name: str) -> Any:
            # A private copy of what is written, so torch may take it for a tensor; nothing writes.
            return np.load(folder / f"{name}.npy", mmap_mode="c", allow_pickle=False)

        def scaling(name: str) -> Scaling | None:
            if not (folder / f"{name}_shift.npy").exists():
                return None
            fill = array(f"{name}_fill") if (folder / f"{name}_fill.npy").exists() else None
            return Scaling(array(f"{name}_shift"), array(f"{name}_factor"), fill)

        weights = array("weights") if (folder / "weights.npy").exists() else None
        return SeedRows(
            Pool(array("x"), array("y"), weights),
            {name: array(name) for name in PARTS},
            scaling("x"),
            scaling("y"),
        )

    def _arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        yield "x", self.pool.x
        yield "y", self.pool.y
        if self.pool.weights is not None:
            yield "weights", self.pool.weights
        yield from self.numbers.items()
        for name, scaling in (("x", self.x_scaling), ("y", self.y_scaling)):
            if scaling is not None:
                yield f"{name}_shift", scaling.shift
                yield f"{name}_factor", scaling.factor
                if scaling.fill is not None:
                    yield f"{name}_fill", scaling.fill


def _of_seeds(scalings: Sequence[Scaling | None]) -> Scaling | None:
    """Stacks the scalings of all seeds; None if there are none."""
    given = [scaling for scaling in scalings if scaling is not None]
    if not given:
        return None
    fills = [scaling.shift if scaling.fill is None else scaling.fill for scaling in given]
    return Scaling(
        np.stack([scaling.shift for scaling in given]),
        np.stack([scaling.factor for scaling in given]),
        np.stack(fills) if any(scaling.fill is not None for scaling in given) else None,
    )


def _copied(split: Callable[[int], Split], seeds: Sequence[int], first: Split) -> SeedRows:
    """Copies the rows of every seed into one pool, one seed at a time."""
    sizes = {name: len(getattr(first, name)) for name in PARTS}
    x = np.empty((len(seeds) * sum(sizes.values()), first.train.x.shape[1]), dtype=np.float32)
    y = np.empty((len(x), *first.train.y.shape[1:]), dtype=first.train.y.dtype)
    weights = None if first.train.weights is None else np.ones(len(x), dtype=np.float32)
    numbers = {name: np.empty((len(seeds), n), dtype=np.int32) for name, n in sizes.items()}
    start = 0
    for i, seed in enumerate(seeds):
        own = split(seed) if i else first
        for name, n in sizes.items():
            rows = getattr(own, name)
            x[start : start + n], y[start : start + n] = rows.x, rows.y
            if weights is not None and rows.weights is not None:
                weights[start : start + n] = rows.weights
            numbers[name][i] = np.arange(start, start + n)
            start += n
    return SeedRows(Pool(x, y, weights), numbers)
