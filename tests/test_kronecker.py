"""The Kronecker product applied factor by factor against numpy.kron."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.networks import kronecker

SIZES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=4)


def factors_of(sizes: list[tuple[int, int]], n_models: int, seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(n_models, *size, generator=generator, dtype=torch.float64) for size in sizes]


@given(sizes=SIZES, n_models=st.integers(1, 3), batch=st.integers(1, 4), shared=st.booleans(), seed=st.integers(0, 99))
def test_it_is_numpys_product(sizes: list[tuple[int, int]], n_models: int, batch: int, shared: bool, seed: int) -> None:
    factors = factors_of(sizes, 1 if shared else n_models, seed)
    h = torch.randn(
        n_models, int(np.prod([q for _, q in sizes])), batch, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    result = kronecker.apply(factors, h)
    for i in range(n_models):
        matrix = functools.reduce(np.kron, [factor[0 if shared else i].numpy() for factor in factors])
        np.testing.assert_allclose(result[i].numpy(), matrix @ h[i].numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("width", "levels"), [(2, 1), (2, 3), (2, 7), (4, 1), (4, 4)])
def test_its_gradients_are_those_of_the_built_matrix(width: int, levels: int) -> None:
    factors = [factor.requires_grad_() for factor in factors_of([(width, width)] * levels, 2, 1)]
    h = torch.randn(2, width**levels, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).requires_grad_()
    gradients = torch.autograd.grad(kronecker.apply(factors, h).sin().sum(), [h, *factors])
    built = functools.reduce(kronecker.product, factors) @ h
    for gradient, expected in zip(gradients, torch.autograd.grad(built.sin().sum(), [h, *factors]), strict=True):
        torch.testing.assert_close(gradient, expected)


def test_a_wide_product_is_never_built() -> None:
    factors = [torch.ones(1, 2, 2) / 2] * 20  # built, it would take 4 TiB
    assert torch.allclose(kronecker.apply(factors, torch.ones(1, 2**20, 1)), torch.ones(()))
