"""Splits that share one table: the same rows as copies, and the same files for all processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from frontier_search.data.dataset import Task
from frontier_search.data.pool import Pool, PoolRows
from frontier_search.data.seed_rows import PARTS, SeedRows
from frontier_search.data.splitting import split_pool, split_table, standardising
from tests.support.toys import pooled

SEEDS = (101, 202, 303)


@pytest.mark.parametrize("task", get_args(Task))
def test_a_split_of_a_pool_equals_a_split_of_the_table(task: Any) -> None:
    pool = pooled(task)
    for seed in SEEDS:
        shared, copied = split_pool(pool, task, seed), split_table(pool.x, pool.y, task, seed)
        for name in PARTS:
            part, expected = getattr(shared, name), getattr(copied, name)
            assert len(part) == len(expected)
            assert part.x.dtype == expected.x.dtype
            assert part.y.dtype == expected.y.dtype
            np.testing.assert_allclose(part.x, expected.x, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(part.y, expected.y, rtol=1e-5, atol=1e-5)


def test_a_missing_value_is_the_mean_of_the_training_rows() -> None:
    x = np.array([[1, 5], [3, np.nan], [np.nan, 5], [100, 6]], dtype=np.float32)
    scaling = standardising(x, np.array([2, 0, 1]))
    scaled = scaling.of(x)
    np.testing.assert_allclose(scaled, [[-1, 0], [1, 0], [0, 0], [98, 1]], atol=1e-6)


def test_rows_of_seeds_share_the_pool_only_where_every_split_does() -> None:
    pool, other = pooled("binary"), pooled("binary")
    shared = SeedRows.of(lambda seed: split_pool(pool, "binary", seed), SEEDS)
    assert shared.pool is pool
    mixed = SeedRows.of(
        lambda seed: split_pool(pool if seed == SEEDS[0] else other, "binary", seed), SEEDS
    )
    assert len(mixed.pool.x) == len(SEEDS) * len(pool.x)
    assert mixed.x_scaling is None
    assert sorted(np.concatenate([mixed.numbers[part].ravel() for part in PARTS])) == list(
        range(len(mixed.pool.x))
    )


@pytest.mark.parametrize("task", get_args(Task))
def test_rows_that_were_written_are_the_same_when_read(task: Any, tmp_path: Path) -> None:
    pool = pooled(task)
    pool.x[::7, 1] = np.nan
    rows = SeedRows.of(lambda seed: split_pool(pool, task, seed), SEEDS)
    rows.write(tmp_path / "rows")
    again = SeedRows.read(tmp_path / "rows")
    for i in range(len(SEEDS)):
        for part in PARTS:
            one, two = (of_seed(each, part, i) for each in (rows, again))
            assert one.x.tobytes() == two.x.tobytes()
            assert one.y.tobytes() == two.y.tobytes()
            assert not np.isnan(one.x).any()


def of_seed(rows: SeedRows, part: str, seed: int) -> PoolRows:
    return PoolRows(
        Pool(rows.pool.x, rows.pool.y),
        rows.numbers[part][seed],
        rows.x_scaling.of_seed(seed) if rows.x_scaling else None,
        rows.y_scaling.of_seed(seed) if rows.y_scaling else None,
    )
