"""Kronecker products factor by factor against numpy.kron, the fixed graph against its matrix."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.models import kronecker_product
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.families import FAMILIES
from frontier_search.models.families import kronecker as kronecker_family
from frontier_search.models.graph import Product
from frontier_search.training.stack import Model, Stack, group

SIZES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=4)


def factors_of(sizes: list[tuple[int, int]], n_models: int, seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(n_models, *size, generator=generator, dtype=torch.float64) for size in sizes
    ]


@given(
    sizes=SIZES,
    n_models=st.integers(1, 3),
    batch=st.integers(1, 4),
    shared=st.booleans(),
    seed=st.integers(0, 99),
)
def test_it_is_numpys_product(
    sizes: list[tuple[int, int]], n_models: int, batch: int, shared: bool, seed: int
) -> None:
    factors = factors_of(sizes, 1 if shared else n_models, seed)
    h = torch.randn(
        n_models,
        int(np.prod([q for _, q in sizes])),
        batch,
        generator=torch.Generator().manual_seed(seed),
        dtype=torch.float64,
    )
    result = kronecker_product.apply(factors, h)
    for i in range(n_models):
        matrix = functools.reduce(
            np.kron, [factor[0 if shared else i].numpy() for factor in factors]
        )
        np.testing.assert_allclose(result[i].numpy(), matrix @ h[i].numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("width", "levels"), [(2, 1), (2, 3), (2, 7), (4, 1), (4, 4)])
def test_its_gradients_are_those_of_the_built_matrix(width: int, levels: int) -> None:
    factors = [factor.requires_grad_() for factor in factors_of([(width, width)] * levels, 2, 1)]
    h = torch.randn(
        2, width**levels, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2)
    ).requires_grad_()
    gradients = torch.autograd.grad(kronecker_product.apply(factors, h).sin().sum(), [h, *factors])
    built = functools.reduce(kronecker_product.product, factors) @ h
    for gradient, expected in zip(
        gradients, torch.autograd.grad(built.sin().sum(), [h, *factors]), strict=True
    ):
        torch.testing.assert_close(gradient, expected)


def test_a_wide_product_is_never_built() -> None:
    factors = [torch.ones(1, 2, 2) / 2] * 20  # a built product would take 4 TiB
    assert torch.allclose(kronecker_product.apply(factors, torch.ones(1, 2**20, 1)), torch.ones(()))


@pytest.mark.parametrize(
    ("levels", "sizes"),
    [
        (1, [2]),
        (4, [16]),
        (5, [8, 4]),
        (7, [16, 8]),
        (8, [16, 16]),
        (9, [8, 8, 8]),
        (10, [16, 8, 8]),
    ],
)
def test_neighbours_are_multiplied_out_to_blocks_of_about_one_size(
    levels: int, sizes: list[int]
) -> None:
    merged = kronecker_product.blocks(factors_of([(2, 2)] * levels, 2, 3))
    assert [block.shape[1] for block in merged] == sizes
    assert all(
        one is other for one, other in zip(kronecker_product.blocks(merged), merged, strict=True)
    )  # so it is idempotent


# ---- the fixed graph ----

RECURRENCE = {"spectral_radius": 0.9, "graph_noise": 0.0}


@pytest.mark.parametrize("levels", range(1, 9))
def test_the_product_of_the_kronecker_graph_is_its_adjacency_and_its_radius(levels: int) -> None:
    adjacency, product = (
        kronecker_family.adjacency(2**levels, np.random.default_rng(0)),
        kronecker_family.product(2**levels),
    )
    built = functools.reduce(np.kron, product.factors)
    assert np.array_equal(built - np.diag(product.loops()), adjacency)
    assert product.radius == pytest.approx(np.abs(np.linalg.eigvals(adjacency)).max(), rel=1e-12)


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    running=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_factored_graphs_are_the_built_ones(sizes: list[int], running: int, seed: int) -> None:
    """Holds for any factors, loops anywhere, and the first models of a stack."""
    rng = np.random.default_rng(seed)
    factors = tuple(rng.integers(-1, 2, (n, n)).astype(np.float64) for n in sizes)
    radii = [0.5, 0.9, 1.3]
    built = functools.reduce(np.kron, factors)
    np.fill_diagonal(built, 0.0)
    graphs = kronecker_product.FactoredGraphs(
        Product(factors, radius=2.0), radii, torch.device("cpu")
    )
    h = torch.from_numpy(rng.standard_normal((running, len(built), 4))).float()
    for i in range(running):
        matrix = radii[i] / 2.0 * built
        np.testing.assert_allclose(
            graphs.messages(h)[i], matrix @ h[i].numpy(), rtol=1e-4, atol=1e-4
        )
        np.testing.assert_allclose(
            graphs.messages(h, times=2)[i], 2 * matrix @ h[i].numpy(), rtol=1e-4, atol=1e-4
        )
        np.testing.assert_allclose(
            graphs.transposed(h)[i], matrix.T @ h[i].numpy(), rtol=1e-4, atol=1e-4
        )


def stack_of(name: str, hidden: int) -> Stack:
    """Models with 1, 3 and 2 steps and radii of their own."""
    points = [
        {"hidden": hidden, "steps": steps, "spectral_radius": radius, "graph_noise": 0.0}
        for steps, radius in ((1, 0.7), (3, 0.9), (2, 1.1))
    ]
    return Stack(
        group([Model(i, 101, FAMILIES[name].build(point), 0.01) for i, point in enumerate(points)])[
            0
        ],
        3,
        2,
        torch.device("cpu"),
    )


@pytest.mark.parametrize("name", ["kronecker", "gated_kronecker"])
@pytest.mark.parametrize("hidden", [16, 128])
def test_a_wide_reservoir_is_the_same_model_with_and_without_its_matrix(
    name: str, hidden: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = torch.randn(3, 3, 8, generator=torch.Generator().manual_seed(1))
    found = {}
    for above in (0, 10**9):
        monkeypatch.setattr("frontier_search.models.architectures.reservoir.FACTORED_ABOVE", above)
        stack = stack_of(name, hidden)
        assert (len(stack.network.graph) == 0) == (above == 0)  # type: ignore[attr-defined]
        gradients = {
            key: torch.full_like(tensor, torch.nan) for key, tensor in stack.learned.items()
        }
        with torch.no_grad():
            outputs, saved = stack.network.forward_saving(stack.learned, x)  # type: ignore[attr-defined]
            stack.network.backward(stack.learned, saved, torch.ones_like(outputs), gradients)  # type: ignore[attr-defined]
        torch.testing.assert_close(
            outputs, stack.network.forward(stack.learned, x), rtol=1e-4, atol=1e-5
        )
        found[above] = {"outputs": outputs, **gradients}
    for key, value in found[0].items():
        torch.testing.assert_close(value, found[10**9][key], rtol=1e-4, atol=1e-4)


def test_factored_graphs_stay_on_their_device() -> None:
    meta = torch.device("meta")
    graphs = kronecker_product.FactoredGraphs(kronecker_family.product(128), [0.5, 0.9], meta)
    h = torch.empty(2, 128, 3, device=meta)
    assert {graphs.messages(h).device, graphs.transposed(h).device} == {meta}


def test_only_wide_graphs_without_noise_are_factored() -> None:
    def built(hidden: int, noise: float, name: str = "kronecker") -> Reservoir:
        architecture = FAMILIES[name].build(
            {"hidden": hidden, "steps": 2, "spectral_radius": 0.9, "graph_noise": noise}
        )
        assert isinstance(architecture, Reservoir)
        return architecture

    wide, noisy = built(128, 0.0), built(128, 0.1)
    assert wide.product is not None and wide.shape != noisy.shape  # they cannot share a stack
    assert [noisy.product, built(64, 0.0).product, built(128, 0.0, "random_sparse").product] == [
        None
    ] * 3
    assert wide.size(3, 2).raw == noisy.size(3, 2).raw
    assert wide.size(3, 2).bytes == 4 * wide.size(3, 2).raw + 16  # one factor of four entries
    assert wide.size(3, 2).flops < noisy.size(3, 2).flops


def test_a_graph_too_wide_to_be_built_is_trained() -> None:
    wide = FAMILIES["kronecker"].build({"hidden": 2**16, "steps": 1, **RECURRENCE})
    stack = Stack([Model(0, 101, wide, 0.01)], 1, 1, torch.device("cpu"))
    outputs = stack.network.forward(stack.learned, torch.ones(1, 1, 2))
    assert torch.isfinite(outputs).all()  # a built graph would take 16 GiB
