"""Lorenz: a chaotic flow of three numbers, of which x is predicted one step ahead.

    dx/dt = 10 (y - x)     dy/dt = x (28 - z) - y     dz/dt = x y - 8/3 z

A row holds the last 40 readings, one every 0.05 time units, each as (x / 25, y / 35,
(z - 25) / 30), and the target is x at the next one. The seed draws a start near the attractor, and
the first 40 units are left out.

Source: E. N. Lorenz, "Deterministic nonperiodic flow", Journal of the Atmospheric Sciences 20
(1963), integrated by ``scipy.integrate.solve_ivp``. A loss is the squared NRMSE.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.series import Series, n_steps, series

STEP = 0.05
WASHOUT = 800  # steps before the first one that is used
CENTRE, SPREAD = np.array([0.0, 0.0, 25.0]), np.array([25.0, 35.0, 30.0])


def flow(t: float, state: NDArray[np.float64]) -> list[float]:
    """Returns the derivatives of (x, y, z)."""
    x, y, z = state
    return [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z]


def made(seed: int) -> Series:
    """Returns the scaled states (n_steps, 3), and x one step later, (n_steps,)."""
    # here and not above: listing the datasets must not load scipy
    from scipy.integrate import solve_ivp

    start = np.random.default_rng(seed).uniform([-10, -10, 15], [10, 10, 35])
    times = STEP * np.arange(WASHOUT + n_steps() + 1)
    run = solve_ivp(flow, (0.0, times[-1]), start, "DOP853", times, rtol=1e-9, atol=1e-9)
    states = run.y.T[WASHOUT:]
    return (states[:-1] - CENTRE) / SPREAD, states[1:, 0]


DATASET = series("lorenz", "Lorenz (1963)", 3, made)
