"""Special functions of two variables, against integrals and formulas of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.shipped import SEEDS, split_of

Numbers = NDArray[np.float64]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)


def integral(f: Callable[[Numbers], Numbers], end: Numbers | float) -> Numbers:
    """The integral of f over [0, end], by 60 nodes a row."""
    half = np.atleast_1d(end)[:, None] / 2
    return np.asarray((f(half * (NODES + 1)) * WEIGHTS * half).sum(axis=1))


def elliptic(power: float) -> Callable[[Numbers, Numbers], Numbers]:
    return lambda phi, m: integral(lambda t: (1 - m[:, None] * np.sin(t) ** 2) ** power, phi)


def modified_second_kind(v: Numbers, z: Numbers) -> Numbers:
    """K_v(z) as the integral of exp(-z cosh t) cosh(v t) over [0, infinity)."""
    return integral(
        lambda t: np.exp(-z[:, None] * np.cosh(t)) * np.cosh(v[:, None] * t), np.full(len(z), 8.0)
    )


def harmonic(m: int, n: int) -> Callable[[Numbers, Numbers], Numbers]:
    """The real part of the spherical harmonic of azimuth a and polar angle b, by its formula."""
    pi = np.pi
    polar: dict[tuple[int, int], Callable[[Numbers], Numbers]] = {
        (0, 1): lambda b: np.sqrt(3 / (4 * pi)) * np.cos(b),
        (1, 1): lambda b: -np.sqrt(3 / (8 * pi)) * np.sin(b),
        (0, 2): lambda b: np.sqrt(5 / (16 * pi)) * (3 * np.cos(b) ** 2 - 1),
        (1, 2): lambda b: -np.sqrt(15 / (8 * pi)) * np.sin(b) * np.cos(b),
        (2, 2): lambda b: np.sqrt(15 / (32 * pi)) * np.sin(b) ** 2,
    }
    return lambda a, b: np.cos(m * a) * polar[m, n](b)


FORMULAS: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "ellipkinc": elliptic(-0.5),
    "ellipeinc": elliptic(0.5),
    "kv": modified_second_kind,
    **{f"sphharm{m}{n}": harmonic(m, n) for m, n in ((0, 1), (1, 1), (0, 2), (1, 2), (2, 2))},
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_target_is_the_formula(name: str) -> None:
    rows = split_of(name, SEEDS[0]).test
    a, b = rows.x.T.astype(np.float64)
    np.testing.assert_allclose(rows.y, FORMULAS[name](a, b), rtol=1e-4, atol=1e-6)


def test_sn_solves_the_elliptic_integral() -> None:
    rows = split_of("ellipj", SEEDS[0]).test
    u, m = rows.x.T.astype(np.float64)
    amplitude = np.arcsin(rows.y.astype(np.float64))
    np.testing.assert_allclose(elliptic(-0.5)(amplitude, m), u, rtol=1e-4, atol=1e-6)


def test_the_bessel_functions_keep_their_wronskian_and_their_order_of_size() -> None:
    jv, yv, iv, kv = (split_of(name, SEEDS[0]).test for name in ("jv", "yv", "iv", "kv"))
    assert np.array_equal(yv.x, kv.x) and yv.x[:, 1].min() >= np.float32(0.1)
    assert np.array_equal(jv.x, iv.x) and (iv.y >= jv.y).all() and (jv.y > 0).all()
    assert (yv.y < 0.1).all() and np.abs(yv.y).max() < 10 and kv.y.max() < 10


@pytest.mark.parametrize(("name", "sign"), [("lpmv0", 1), ("lpmv1", -1)])
def test_legendre_functions_have_the_sign_of_their_order(name: str, sign: int) -> None:
    assert (sign * split_of(name, SEEDS[0]).test.y > 0).all()
