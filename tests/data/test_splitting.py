"""Row numbers of the parts: disjoint, of the right sizes, and scaled by the training rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontier_search.data.splitting import (
    Sizes,
    at_random,
    in_order,
    sixty_twenty_twenty,
    standardised,
    stratified,
)


@given(counts=st.lists(st.integers(3, 40), min_size=1, max_size=5), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_stratified_parts_use_every_row_once_and_split_every_class_60_20_20(
    counts: list[int], seed: int
) -> None:
    classes = np.repeat(np.arange(len(counts)), counts)
    parts = stratified(classes, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(classes)))
    shares = [np.bincount(classes[part], minlength=len(counts)).tolist() for part in parts]
    assert list(zip(*shares, strict=True)) == [
        tuple(sixty_twenty_twenty(count)) for count in counts
    ]
    assert min(map(min, shares)) >= 1


@given(n_rows=st.integers(10, 200), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_random_parts_are_disjoint_and_of_the_given_sizes(n_rows: int, seed: int) -> None:
    sizes = Sizes(train=5, val=3, test=2)
    parts = at_random(n_rows, sizes, seed)
    assert tuple(map(len, parts)) == sizes == tuple(map(len, in_order(sizes)))
    assert len(set(np.concatenate(parts).tolist()) & set(range(n_rows))) == sum(sizes)


def test_a_column_that_is_constant_on_the_training_rows_is_not_scaled() -> None:
    values = np.column_stack([np.full(10, 0.1), np.arange(10.0)])
    values[9, 0] = 0.4
    scaled = standardised(values, np.arange(9))
    np.testing.assert_allclose(scaled[:, 0], [0.0] * 9 + [0.3], atol=1e-12)
    assert scaled[:9, 1].std() == pytest.approx(1.0)
