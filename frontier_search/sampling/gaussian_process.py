"""A Gaussian process over candidates of several families, in numpy and scipy.

    k(x, x') = a^2 M(r) + [same family] (b^2 M(r / q) + c^2) + noise^2 [x = x']

M is Matern 5/2 and r the distance with a length scale for each column. The first term is what the
families share, the second a family's own deviation from it, the third a family's own level.
Hyperparameters maximise the posterior under log-normal priors, always from the same start, so that
a fit is a function of the data.

Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning" (2006), 2.2, 4.2, 5.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from frontier_search.sampling.earlier import best_and_spread

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

FITTED = 200  # observations from which hyperparameters are fitted, at most
ITERATIONS = 30
JITTER = 1e-8
ROOT5 = math.sqrt(5.0)


@dataclass(frozen=True)
class Observations:
    """What the process is conditioned on.

    Attributes:
        x: (n, d) rows in the unit cube.
        family: (n,) numbers of families.
        y: (n,) values.
        noise: (n,) variances known beforehand, in addition to the noise that is fitted.
    """

    x: Array
    family: Numbers
    y: Array
    noise: Array

    def and_then(self, other: Observations) -> Observations:
        """Returns these observations, and then the others."""
        return Observations(
            np.concatenate([self.x, other.x]) if len(other.x) else self.x,
            np.concatenate([self.family, other.family]),
            np.concatenate([self.y, other.y]),
            np.concatenate([self.noise, other.noise]),
        )

    def some(self, chosen: Numbers) -> Observations:
        return Observations(self.x[chosen], self.family[chosen], self.y[chosen], self.noise[chosen])

    @cached_property
    def scale(self) -> tuple[float, float]:
        """The mean and the standard deviation of the values."""
        return float(self.y.mean()), float(self.y.std()) + 1e-9

    def standardised(self) -> tuple[Array, Array]:
        """Returns values of mean 0 and deviation 1, and the noise in the same unit."""
        mean, deviation = self.scale
        return (self.y - mean) / deviation, self.noise / deviation**2


@dataclass(frozen=True)
class Kernel:
    """The hyperparameters.

    Attributes:
        lengths: (d,) length scales of the columns.
        ratio: q, the length scale of a family's own deviation as a multiple of the shared one.
        shared, own, level, noise: a, b, c and the noise: standard deviations.
    """

    lengths: Array
    ratio: float
    shared: float
    own: float
    level: float
    noise: float

    @staticmethod
    def of(theta: Array) -> Kernel:
        """Reads the logarithms of all hyperparameters, (d + 5,)."""
        values = np.exp(theta)
        ratio, shared, own, level, noise = values[-5:].tolist()
        return Kernel(values[:-5], ratio, shared, own, level, noise)

    @property
    def variance(self) -> float:
        """Of one point, without noise."""
        return self.shared**2 + self.own**2 + self.level**2

    def between(self, x: Array, family: Numbers, x2: Array, family2: Numbers) -> Array:
        """Returns the covariances, (n, n2)."""
        r = np.sqrt(_squares(x / self.lengths, x2 / self.lengths))
        same = family[:, None] == family2[None]
        own = self.own**2 * _matern(r / self.ratio) + self.level**2
        return np.asarray(self.shared**2 * _matern(r) + same * own)


def fit(data: Observations) -> Kernel:
    """Returns the hyperparameters of the largest posterior probability."""
    part = data.some(best_and_spread(data.y, FITTED))
    d = part.x.shape[1]
    posterior = _Posterior(part)
    result = minimize(
        posterior.loss,
        posterior.mean,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS},
        bounds=[(m - 4 * s, m + 4 * s) for m, s in zip(posterior.mean, posterior.sd, strict=True)],
    )
    assert len(result.x) == d + 5
    return Kernel.of(result.x)


class _Posterior:
    """The negative log posterior of the logarithms of the hyperparameters, and its gradient."""

    def __init__(self, data: Observations) -> None:
        self._y, self._noise = data.standardised()
        difference = data.x[:, None] - data.x[None]
        self._squares = np.ascontiguousarray((difference**2).transpose(2, 0, 1)).reshape(
            data.x.shape[1], -1
        )
        self._same = (data.family[:, None] == data.family[None]).astype(float)
        d = data.x.shape[1]
        # length scales, ratio, shared, own, level, noise
        self.mean = np.log(np.r_[np.full(d, 0.7), 1.0, 0.8, 0.4, 0.3, 0.05])
        self.sd = np.r_[np.full(d, 0.8), 0.5, 0.7, 0.7, 0.7, 1.0]

    def loss(self, theta: Array) -> tuple[float, Array]:
        kernel, n = Kernel.of(theta), len(self._y)
        weights = kernel.lengths**-2
        r2 = (weights @ self._squares).reshape(n, n)
        r = np.sqrt(r2)
        shared, own = kernel.shared**2, kernel.own**2
        decay, decay_own = np.exp(-ROOT5 * r), np.exp(-ROOT5 * r / kernel.ratio)
        m, m_own = _matern(r, decay), _matern(r / kernel.ratio, decay_own)
        covariance = shared * m + self._same * (own * m_own + kernel.level**2)
        covariance[np.diag_indices(n)] += kernel.noise**2 + JITTER + self._noise
        try:
            factor = cho_factor(covariance, lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return 1e10, np.zeros_like(theta)
        alpha = cho_solve(factor, self._y, check_finite=False)
        inverse = cho_solve(factor, np.eye(n), check_finite=False)
        w = inverse - np.outer(alpha, alpha)  # twice the derivative by the covariance
        w_same = w * self._same
        # -dM/d(r^2) = 5/6 (1 + sqrt 5 r) exp(-sqrt 5 r)
        slope = (5 / 6) * (1 + ROOT5 * r) * decay * (shared * w)
        slope_own = (5 / 6) * (1 + ROOT5 * r / kernel.ratio) * decay_own * w_same
        slope_own *= own / kernel.ratio**2
        gradient = np.empty_like(theta)
        gradient[:-5] = weights * (self._squares @ (slope + slope_own).ravel())
        gradient[-5] = (slope_own * r2).sum()
        gradient[-4] = shared * (w * m).sum()
        gradient[-3] = own * (w_same * m_own).sum()
        gradient[-2] = kernel.level**2 * w_same.sum()
        gradient[-1] = kernel.noise**2 * np.trace(w)
        value = 0.5 * float(self._y @ alpha) + float(np.log(np.diag(factor[0])).sum())
        delta = (theta - self.mean) / self.sd
        return value + 0.5 * float(delta @ delta), gradient + delta / self.sd


class Process:
    """The process, conditioned on observations.

    Args:
        kernel: fitted on the same observations, or on an earlier part of them.
    """

    def __init__(self, kernel: Kernel, data: Observations) -> None:
        self.kernel, self.data = kernel, data
        y, noise = data.standardised()
        covariance = kernel.between(data.x, data.family, data.x, data.family)
        self._factor = _cholesky(covariance, kernel.noise**2 + JITTER + noise)
        self._alpha = cho_solve((self._factor, True), y, check_finite=False)

    def over(self, x: Array, family: Numbers) -> Pool:
        """Returns what the process says of a pool of points."""
        return Pool(self, x, family)

    def explained(self, x: Array, family: Numbers) -> tuple[Array, Array]:
        """Returns the mean of points, (m,), standardised, and (n, m) whose products are explained.

        The covariance of two points is that of the kernel less the product of their columns.
        """
        cross = self.kernel.between(self.data.x, self.data.family, x, family)
        solved = solve_triangular(self._factor, cross, lower=True, check_finite=False)
        return self._alpha @ cross, solved


class Pool:
    """The mean and the deviation of a pool of points, under points that are believed.

    A believed point counts as measured at its own mean: the means stay, and it takes variance away
    from its neighbours (kriging believer; Ginsbourger, Le Riche and Carraro 2010). Each is one more
    row of the Cholesky factor. It is computed by the same operations however many came before it
    in this process, so that a round that is begun again gives the same numbers.

    Attributes:
        mean: (m,) in the unit of the values.
    """

    def __init__(self, process: Process, x: Array, family: Numbers) -> None:
        self._process, self._x, self._family = process, x, family
        self._offset, self._scale = process.data.scale
        mean, self._solved = process.explained(x, family)
        self.mean = self._offset + self._scale * mean
        explained = np.einsum("ij,ij->j", self._solved, self._solved)
        self._variance = process.kernel.variance - explained
        self._believed: list[_Believed] = []

    @property
    def deviation(self) -> Array:
        """(m,) in the unit of the values."""
        return np.asarray(self._scale * np.sqrt(np.maximum(self._variance, 1e-10)))

    def believe(self, x: Array, family: Numbers) -> float:
        """Believes one point, (1, d) and (1,), and returns its mean."""
        kernel = self._process.kernel
        mean, solved = self._process.explained(x, family)
        column, row = solved[:, 0], list[float]()
        if self._believed:
            others = np.vstack([other.x for other in self._believed])
            families = np.concatenate([other.family for other in self._believed])
            between = kernel.between(others, families, x, family)[:, 0].tolist()
            for other, covariance in zip(self._believed, between, strict=True):
                explained = other.column @ column + np.dot(other.row, row)
                row.append(float((covariance - explained) / other.deviation))
        of_pool = kernel.between(x, family, self._x, self._family)[0] - column @ self._solved
        for value, other in zip(row, self._believed, strict=True):
            of_pool = of_pool - value * other.of_pool
        variance = kernel.variance - float(column @ column) - float(np.dot(row, row))
        deviation = math.sqrt(max(variance, 0.0) + kernel.noise**2 + JITTER)
        of_pool = of_pool / deviation
        self._believed.append(_Believed(x, family, column, np.array(row), deviation, of_pool))
        self._variance = self._variance - of_pool**2
        return float(self._offset + self._scale * mean[0])

    def draws(self, n: int, rng: np.random.Generator) -> Array:
        """Returns joint draws of what the points would measure, noise included, (n, m)."""
        kernel = self._process.kernel
        covariance = kernel.between(self._x, self._family, self._x, self._family)
        covariance -= self._solved.T @ self._solved
        for other in self._believed:
            covariance -= np.outer(other.of_pool, other.of_pool)
        noise = np.full(len(covariance), kernel.noise**2 + JITTER)
        factor = _cholesky(covariance, noise)
        normal = rng.standard_normal((n, len(covariance)))
        return np.asarray(self.mean + self._scale * normal @ factor.T)


@dataclass(frozen=True)
class _Believed:
    """A believed point, and its row of the Cholesky factor.

    Attributes:
        column: (n,) the row's part for the observations.
        row: (j,) its part for the points believed before.
        deviation: its part for itself.
        of_pool: (m,) what the factor solves for the pool in this row.
    """

    x: Array
    family: Numbers
    column: Array
    row: Array
    deviation: float
    of_pool: Array


def _matern(r: Array, decay: Array | None = None) -> Array:
    decay = np.exp(-ROOT5 * r) if decay is None else decay
    return np.asarray((1 + ROOT5 * r + (5 / 3) * r * r) * decay)


def _squares(a: Array, b: Array) -> Array:
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.maximum(squares, 0.0))


def _cholesky(covariance: Array, diagonal: Array) -> Array:
    """Returns the lower factor, with as much more on the diagonal as rounding makes necessary."""
    n = np.diag_indices(len(covariance))
    for more in (0.0, 1e-6, 1e-4, 1e-2):
        full = covariance.copy()
        full[n] += diagonal + more
        try:
            return np.asarray(cholesky(full, lower=True, check_finite=False))
        except np.linalg.LinAlgError:
            continue
    raise AssertionError("a covariance with 0.01 on its diagonal is positive")
