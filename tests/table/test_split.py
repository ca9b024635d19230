"""Splits: nothing of one part is in another, and the sizes are those of every seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.errors import SpecError
from frontier_search.table.split import Splitter

SEEDS = (101, 202, 303, 404, 505, 606, 7)


@given(
    st.lists(st.integers(1, 9), min_size=12, max_size=60),
    st.integers(1, 3),
)
def test_groups_stay_in_one_part_and_sizes_do_not_depend_on_the_seed(
    sizes: list[int], n_classes: int
) -> None:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    classes = np.zeros(len(groups), dtype=np.int64)
    if n_classes > 1:
        classes = np.arange(len(groups)) % n_classes  # classes cross groups
    splitter = Splitter("groups", classes, groups=groups)
    found = set()
    for seed in SEEDS:
        parts = splitter(seed)
        rows = np.concatenate(parts)
        assert len(np.unique(rows)) == len(rows)
        inside = [set(groups[part].tolist()) for part in parts]
        assert not (inside[0] & inside[1] or inside[0] & inside[2] or inside[1] & inside[2])
        assert all(len(part) for part in parts)
        found.add(tuple(map(len, parts)))
    assert len(found) == 1


def test_a_large_group_among_few_rows_leaves_rows_to_train_on_or_is_refused() -> None:
    groups = np.repeat(np.arange(12), [1] * 10 + [3, 7])
    parts = Splitter("groups", np.zeros(20, dtype=np.int64), groups=groups)(101)
    assert all(len(part) for part in parts)
    groups = np.repeat(np.arange(5), [1, 1, 1, 1, 16])
    refused = Splitter("groups", np.zeros(20, dtype=np.int64), groups=groups)
    with pytest.raises(SpecError, match="one group holds 16 of 20 rows"):
        refused(101)
    assert refused.wasted == 20


@given(st.integers(20, 80), st.integers(1, 4))
def test_five_seeds_are_the_five_folds(n: int, n_classes: int) -> None:
    classes = np.arange(n) % n_classes
    splitter = Splitter("folds", classes)
    parts = [splitter(seed) for seed in SEEDS[:5]]
    tested = np.concatenate([part.test for part in parts])
    assert len(np.unique(tested)) == len(tested) == 5 * (n // 5)
    assert len({tuple(map(len, part)) for part in parts}) == 1
    for part in parts:
        assert sorted(np.concatenate(part).tolist()) == list(range(n))
        assert np.ptp(np.bincount(classes[part.test], minlength=n_classes)) <= 2


@given(st.lists(st.integers(0, 9), min_size=20, max_size=60).filter(lambda t: len(set(t)) > 3))
def test_forward_never_trains_on_the_future(times: list[int]) -> None:
    order = np.array(times, dtype=np.float64)
    parts = Splitter("forward", np.zeros(len(times), dtype=np.int64), order=order)(101)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(times)))
    train, val, test = (order[part] for part in parts)
    assert train.max() < val.min() and val.max() < test.min()


def test_given_parts_are_kept_and_validation_is_drawn_where_there_is_none() -> None:
    part = np.array([0] * 30 + [2] * 10)
    splitter = Splitter("given", np.arange(40) % 2, part=part)
    drawn = splitter(101)
    assert sorted(drawn.test.tolist()) == list(range(30, 40))
    assert (len(drawn.train), len(drawn.val)) == (24, 6)
    assert not np.array_equal(drawn.val, splitter(202).val)
