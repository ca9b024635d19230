"""Special functions of two variables, learned from noiseless rows: datasets that differ in a name.

Taken from the code of R. Yu, W. Yu and X. Wang, "KAN or MLP: a fairer comparison",
arXiv:2407.16674 (2024): the fifteen names, two inputs that are uniform on [0, 1], 1,000 training
and 1,000 test rows, inputs and target left as they are, and the real part of spherical harmonics.
The functions were chosen by Z. Liu et al., "KAN: Kolmogorov-Arnold networks", arXiv:2404.19756
(2024), whose ranges and numbers of rows we could not establish.

Assumed by us: 1,000 further rows for validation, because their code chooses the epoch on its test
rows; fresh rows for every seed, where theirs has one; the first Jacobi function, sn, for
``ellipj``, which their code refuses; and 250 epochs of minibatches of 64 rows, as many updates as
their 500 epochs of 128 rows.

Changed by us, so that published losses do not compare: ``jv``, ``yv``, ``kv`` and ``iv`` are the
Bessel functions that they are called after, where their code computes derivatives; and the argument
of ``yv`` and ``kv`` begins at 0.1, because both have a pole at 0, near which a single row would
decide the loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.splitting import Sizes, in_order, split_rows
from frontier_search.data.unscaled import Columns

SIZES = Sizes(train=1000, val=1000, test=1000)
N_FEATURES = 2
POLE = 0.1  # where the argument of a function begins that has a pole at 0


@dataclass(frozen=True)
class SpecialFunction:
    """The ``split`` of a special function: rows drawn anew for each seed.

    Attributes:
        function: of ``scipy.special``.
        fixed: its whole numbers: the order m of ``lpmv``, and (m, n) of ``sph_harm_y``.
        low: where the second input begins.
    """

    function: str
    fixed: tuple[int, ...] = ()
    low: float = 0.0

    def __call__(self, seed: int) -> Split:
        """Returns x of shape (n_rows, 2), in [0, 1], y in units of the function."""
        x = np.random.default_rng(seed).uniform((0.0, self.low), 1.0, size=(sum(SIZES), N_FEATURES))
        return split_rows(Columns.of(x), self.of(x[:, 0], x[:, 1]), in_order(SIZES), "regression")

    def of(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[Any]:
        """Returns the function of two arrays of shape (n_rows,)."""
        # here and not above: listing the datasets must not load scipy
        from scipy import special

        function = getattr(special, self.function)
        if self.function == "ellipj":
            return np.asarray(function(a, b)[0])
        if self.function == "sph_harm_y":  # degree, order, polar angle, azimuth
            order, degree = self.fixed
            return np.asarray(function(degree, order, b, a).real)
        return np.asarray(function(*self.fixed, a, b))


def dataset(name: str, function: SpecialFunction) -> Dataset:
    """A dataset of a ``SpecialFunction``."""
    return Dataset(
        name=name,
        task="regression",
        n_features=N_FEATURES,
        n_outputs=1,
        unit="squared target units",
        source=f"Yu et al. (2024), scipy.special.{function.function}",
        budget=TrainingBudget(epochs=250, batch_size=64),  # as many updates as published
        split=function,
        population="draws",
    )
