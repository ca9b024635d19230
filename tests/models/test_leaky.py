"""Leaks: two time scales, and none where both leaks are 1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES
from tests.support.recurrences import RECURRENCE, X, outputs, stack


def test_a_leak_of_one_is_no_leak() -> None:
    leaky, plain = stack("leaky_kronecker", leak_fast=1.0, leak_slow=1.0), stack("kronecker")
    assert torch.equal(leaky.flat, plain.flat)
    np.testing.assert_allclose(outputs(leaky), outputs(plain), atol=1e-6)


def test_half_of_the_units_leak_slowly() -> None:
    leaky, plain = (
        stack("leaky_kronecker", steps=1, leak_fast=0.7, leak_slow=0.1),
        stack("kronecker", steps=1),
    )
    for of in (leaky, plain):
        of.learned["w_x"][:, 16:], of.learned["b_x"][:, 16:] = 0, 0
        of.learned["w_h"].copy_(torch.eye(16)[[3, 12]])  # a fast unit and a slow one
    first = torch.tanh(plain.learned["w_x"][0, :16] @ X[0] + plain.learned["b_x"][0, :16])[
        [3, 12]
    ].numpy()
    leak = np.array([[0.7], [0.1]])
    np.testing.assert_allclose(
        outputs(leaky), (1 - leak) * first + leak * outputs(plain), atol=1e-6
    )


@pytest.mark.parametrize("leaks", [(0.0, 0.5), (0.5, 1.5), (-0.1, 0.5)])
def test_a_leak_is_a_share(leaks: tuple[float, float]) -> None:
    with pytest.raises(SpecError, match="a leak is above 0"):
        FAMILIES["leaky_kronecker"].build(
            RECURRENCE | {"leak_fast": leaks[0], "leak_slow": leaks[1]}
        )
