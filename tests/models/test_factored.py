"""Learned and corrected factors against built matrices."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import torch

from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES
from frontier_search.models.families.kronecker import INITIATOR
from tests.support.recurrences import RECURRENCE, outputs, recurrence, stack


@pytest.mark.parametrize("hidden", [4, 16, 64, 256])
@pytest.mark.parametrize("sharing", ["shared", "per_level"])
@pytest.mark.parametrize("initiator", [2, 4])
def test_a_learned_initiator_starts_at_sierpinskis(
    initiator: int, sharing: str, hidden: int
) -> None:
    learned = stack("learned_kronecker", hidden=hidden, initiator=initiator, sharing=sharing)
    power = functools.reduce(np.kron, [INITIATOR] * (hidden.bit_length() - 1))
    matrix = power * (0.8 / np.abs(np.linalg.eigvals(power)).max())
    np.testing.assert_allclose(outputs(learned), recurrence(learned, [matrix] * 3), atol=2e-5)


@pytest.mark.parametrize(
    ("sharing", "initiator", "scalars"),
    [("shared", 2, 4), ("shared", 4, 16), ("per_level", 2, 24), ("per_level", 4, 48)],
)
def test_a_learned_initiator_is_the_product_of_its_factors(
    sharing: str, initiator: int, scalars: int
) -> None:
    learned = stack("learned_kronecker", hidden=64, initiator=initiator, sharing=sharing)
    assert learned.n_learned == stack("kronecker", hidden=64).n_learned + scalars
    learned.learned["factors"].copy_(
        torch.randn(learned.learned["factors"].shape, generator=torch.Generator().manual_seed(5))
        / 2
    )
    factors = list(learned.learned["factors"][0].double().numpy())
    matrix = functools.reduce(
        np.kron, factors * (1 if sharing == "per_level" else 6 if initiator == 2 else 3)
    )
    np.testing.assert_allclose(outputs(learned), recurrence(learned, [0.8 * matrix] * 3), atol=2e-5)


def test_corrections_are_added_to_the_factors_of_each_step() -> None:
    adapted = stack("adapted_kronecker")
    assert adapted.n_learned == stack("kronecker").n_learned + 4 * 3 * 4
    u, v = (adapted.learned[name][0] for name in ("u", "v"))
    assert 0 < (u[..., None] * v[..., None, :]).abs().max() <= 0.01  # at first
    u.mul_(10)
    golden = (1 + 5**0.5) / 2  # spectral radius of the initiator
    factors = INITIATOR / golden + u.double().numpy()[..., None] * v.double().numpy()[..., None, :]
    matrices = [0.8 * functools.reduce(np.kron, list(levels)) for levels in factors]
    np.testing.assert_allclose(outputs(adapted), recurrence(adapted, matrices), atol=2e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"hidden": 8, "initiator": 4},
            (
                "hidden = 8; a power of 4, the size of the initiator, is needed: "
                "the nearest are 4 and 16"
            ),
        ),
        (
            {"hidden": 24, "initiator": 2},
            (
                "hidden = 24; a power of 2, the size of the initiator, is needed: "
                "the nearest are 16 and 32"
            ),
        ),
        (
            {"hidden": 1, "initiator": 4},
            "hidden = 1; a power of 4, the size of the initiator, is needed: the nearest is 4",
        ),
        ({"initiator": 3}, "initiator = 3; an initiator has 2 rows or 4"),
        ({"sharing": "some"}, "sharing = 'some'; a factor is shared or per_level"),
        ({"steps": 0}, "steps = 0; a recurrence needs at least one step"),
    ],
)
def test_factors_that_do_not_exist(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        FAMILIES["learned_kronecker"].build(
            RECURRENCE | {"initiator": 2, "sharing": "shared"} | changes
        )
