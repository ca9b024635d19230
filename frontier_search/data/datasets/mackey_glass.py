"""Mackey-Glass: a chaotic series of one number, predicted one step ahead.

    ds/dt = 0.2 s(t - 17) / (1 + s(t - 17)^10) - 0.1 s(t)

It is integrated by Runge and Kutta's fourth-order method in steps of 0.1, with the delayed value
between two steps taken linearly, and read once a time unit. A row holds the last 40 values, minus
1, and the target is the next one. The history before the start is a constant between 0.5 and 1.3,
which the seed draws, and the first 500 units are left out.

Source: M. C. Mackey and L. Glass, "Oscillation and chaos in physiological control systems", Science
197 (1977), with the delay of Jaeger (2001). A loss is the squared NRMSE.
"""

from __future__ import annotations

import numpy as np

from frontier_search.data.series import Series, n_steps, series

DELAY = 17
PER_UNIT = 10  # steps of the integration
WASHOUT = 500  # time units before the first one that is used


def made(seed: int) -> Series:
    """Returns s - 1, (n_steps, 1), and s one step later, (n_steps,)."""
    n_units, behind = WASHOUT + n_steps() + 1, DELAY * PER_UNIT
    history = float(np.random.default_rng(seed).uniform(0.5, 1.3))
    s = [history] * (behind + 1)  # s[-1 - behind] is the delayed value
    for _ in range(n_units * PER_UNIT):
        s.append(_next(s[-1], s[-1 - behind], s[-behind]))
    found = np.array(s[behind + 1 :])[PER_UNIT - 1 :: PER_UNIT][WASHOUT:]
    return found[:-1, None] - 1.0, found[1:]


def _next(now: float, delayed: float, delayed_next: float) -> float:
    """Returns s after one step, given the delayed values at its begin and end."""
    h = 1.0 / PER_UNIT
    begin, middle, end = (
        0.2 * d / (1.0 + d**10) for d in (delayed, (delayed + delayed_next) / 2, delayed_next)
    )
    k1 = begin - 0.1 * now
    k2 = middle - 0.1 * (now + h / 2 * k1)
    k3 = middle - 0.1 * (now + h / 2 * k2)
    k4 = end - 0.1 * (now + h * k3)
    return now + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


DATASET = series("mackey_glass", "Mackey and Glass (1977)", 1, made)
