"""NARMA-10: a nonlinear system with a memory of ten steps, driven by noise.

    y(t+1) = 0.3 y(t) + 0.05 y(t) sum_{i=0}^{9} y(t-i) + 1.5 u(t-9) u(t) + 0.1

u is uniform on [0, 0.5]. A row holds the last 40 values of u, up to u(t), and the target is
y(t+1): the model never sees y. The system starts from zero, and its first 200 steps are left out.
A draw that grows beyond 1 has left the attractor, and another is taken.

Source: A. F. Atiya and A. G. Parlos, "New results on recurrent network training", IEEE Transactions
on Neural Networks 11 (2000). Each seed draws a fresh series. A loss is the squared NRMSE.
"""

from __future__ import annotations

import numpy as np

from frontier_search.data.series import Series, n_steps, series

ORDER = 10
WASHOUT = 200  # steps of the system before the first one that is used


def made(seed: int) -> Series:
    """Returns u (n_steps, 1), and y one step later, (n_steps,)."""
    rng = np.random.default_rng(seed)
    while True:
        u = rng.uniform(0.0, 0.5, WASHOUT + n_steps())
        y = np.zeros(len(u) + 1)
        for t in range(ORDER - 1, len(u)):
            memory = y[t] * y[t - ORDER + 1 : t + 1].sum()
            y[t + 1] = 0.3 * y[t] + 0.05 * memory + 1.5 * u[t - ORDER + 1] * u[t] + 0.1
            if y[t + 1] > 1.0:
                break
        else:
            return u[WASHOUT:, None], y[WASHOUT + 1 :]


DATASET = series("narma10", "Atiya and Parlos (2000)", 1, made)
