"""tanh, exp, the logistic function and softmax in float32, operation by operation as in the C.

The largest error of each is stated here, and a test measures it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
F = np.float32

# tanh(x) = x P(x^2) / Q(x^2) on [-7.2, 7.2]: the best approximation of these degrees there, fitted
# by differential correction. It is 1 at the end, and beyond.
TANH_END = F(7.2)
TANH_P = (F(0.02732672), F(16.117287), F(877.92505), F(7151.592))  # of x^6, x^4, x^2, 1
TANH_Q = (F(149.91931), F(3261.6733), F(7151.6294))  # of x^4, x^2, 1; that of x^6 is 1
TANH_ERROR = 1.5e-6  # the largest

# exp(x) = 2^k e^r with x = k ln 2 + r, and Taylor's polynomial for e^r
EXP_ENDS = (F(-87), F(88))
LOG2_E, LN2_HIGH, LN2_LOW = F(1.44269504), F(0.693359375), F(-2.12194440e-4)
EXP_POLYNOMIAL = tuple(F(1 / n) for n in (720, 120, 24, 6, 2, 1, 1))
EXP_ERROR = 4e-7  # the largest, as a fraction of exp(x), for x between EXP_ENDS
SIGMOID_ERROR = 2e-7  # the largest
SOFTMAX_ERROR = 1e-6  # the largest, for up to 50 classes


def tanh(x: Numbers) -> Numbers:
    """Returns tanh(x) to within TANH_ERROR."""
    x = np.where(x > TANH_END, TANH_END, x)
    x = np.where(x < -TANH_END, -TANH_END, x)
    s = x * x
    p = TANH_P[0] * s
    p = (p + TANH_P[1]) * s
    p = (p + TANH_P[2]) * s
    p = (p + TANH_P[3]) * x
    q = s + TANH_Q[0]
    q = q * s + TANH_Q[1]
    q = q * s + TANH_Q[2]
    return np.asarray(p / q)


def exp(x: Numbers) -> Numbers:
    """Returns exp(x) to within EXP_ERROR of its value; beyond EXP_ENDS, its value there."""
    x = np.where(x < EXP_ENDS[0], EXP_ENDS[0], x)
    x = np.where(x > EXP_ENDS[1], EXP_ENDS[1], x)
    z = x * LOG2_E
    k = np.trunc(np.where(z < 0, z - F(0.5), z + F(0.5)))
    r = x - k * LN2_HIGH
    r = r - k * LN2_LOW
    e = np.full_like(r, EXP_POLYNOMIAL[0])
    for coefficient in EXP_POLYNOMIAL[1:]:
        e = e * r + coefficient
    power = ((k.astype(np.int32) + 127) << 23).view(np.float32)
    return np.asarray(e * power)


def sigmoid(x: Numbers) -> Numbers:
    """Returns 1 / (1 + exp(-x)) to within SIGMOID_ERROR."""
    return np.asarray(F(1) / (F(1) + exp(-x)))


def softmax(logits: Numbers) -> Numbers:
    """Returns the probabilities (n, o) of logits (n, o) to within SOFTMAX_ERROR."""
    largest = logits.max(axis=1, keepdims=True)
    powers = exp(logits - largest)
    total = np.zeros(len(logits), np.float32)
    for i in range(logits.shape[1]):
        total = total + powers[:, i]
    return np.asarray(powers / total[:, None])
