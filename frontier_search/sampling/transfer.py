"""What outcomes of an earlier search say of the losses of this one, as noisy observations.

Outcomes on the same data set keep their losses, but for an offset: a search may train longer, or on
other seeds. Of another data set only the ranks count, as normal scores, which are moved and scaled
to the losses of this search. How far they are believed is measured: by what a model of the earlier
outcomes alone says of the trials that this search has finished. When it does not rank these better
than chance would, the earlier outcomes mislead, and are left out.

Source: Golovin et al., "Google Vizier: A Service for Black-Box Optimization" (KDD 2017), for
the prior by a model of earlier studies; Yogatama and Mann, "Efficient Transfer Learning Method for
Automatic Hyperparameter Tuning" (AISTATS 2014), for the values standardised per data set.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from frontier_search.sampling.design import Rows
from frontier_search.sampling.earlier import AGREES, Earlier
from frontier_search.sampling.gaussian_process import Numbers, Observations, Process, fit

Array = NDArray[np.float64]

JUDGED = 8  # own complete trials before the earlier outcomes are judged
JUDGES = 400  # own trials by which they are judged, at most: the first ones
UNJUDGED_NOISE = 0.5  # of their standard deviation, until they are judged
LEAST_NOISE = 0.2  # of their standard deviation
FADES = 16  # after so many own trials their variance begins to grow with the number of these
SMALLEST = 1e-12  # a loss below it counts as this, on the logarithmic scale
STRETCH = 3.0  # the factor by which their scale may be changed, at most


class Transfer:
    """Outcomes of one earlier search, or of several on one data set.

    Args:
        earlier: at least one outcome.
        rows: of the search that is warmed.

    Attributes:
        known: (n, k) log10 of the known objectives in the search that is warmed.
    """

    def __init__(self, earlier: Earlier, rows: Rows) -> None:
        self.candidates, self._by_rank = list(earlier.candidates), earlier.by_rank
        self._x, self._family, self.known = rows.of(self.candidates)
        losses = logarithms(np.array(earlier.losses, dtype=float))
        self._offset, self._slope = float(losses.mean()), float(losses.std()) + 1e-9
        standard = (losses - self._offset) / self._slope
        self._scores = _normal_scores(losses) if self._by_rank else standard

    @cached_property
    def _process(self) -> Process:
        """A model of the earlier outcomes alone."""
        data = Observations(self._x, self._family, self._scores, np.zeros(len(self._scores)))
        return Process(fit(data), data)

    def agreement(self, x: Array, family: Numbers, losses: Array) -> float | None:
        """Returns the rank correlation of what the earlier outcomes foretell with own trials.

        None while there are too few to judge by. Below ``AGREES`` the earlier outcomes mislead.

        Args:
            x, family, losses: as of ``observations``.
        """
        if len(losses) < JUDGED:
            return None
        return _rank_correlation(self._foretold(x, family), losses[:JUDGES])

    def _foretold(self, x: Array, family: Numbers) -> Array:
        return self._process.over(x[:JUDGES], family[:JUDGES]).mean

    def observations(self, x: Array, family: Numbers, losses: Array) -> Observations | None:
        """Returns the earlier outcomes as observations in the unit of the search's own losses.

        None if they mislead.

        Args:
            x, family: (m, d) and (m,) the search's own complete trials.
            losses: (m,) of these, on the scale of the model.
        """
        slope, offset = self._slope, self._offset
        noise = UNJUDGED_NOISE * slope
        if len(losses):
            own, foretold = losses[:JUDGES], self._foretold(x, family)
            judged = len(own) >= JUDGED
            if judged and _rank_correlation(foretold, own) < AGREES:
                return None
            if judged and self._by_rank:
                ratio = float(own.std()) / (float(foretold.std()) + 1e-9) / slope
                slope *= float(np.clip(ratio, 1 / STRETCH, STRETCH))
            offset = float((own - slope * foretold).mean())
            noise = UNJUDGED_NOISE * slope
            if judged:
                noise = max(float((own - offset - slope * foretold).std()), LEAST_NOISE * slope)
        variance = noise**2 * max(1.0, len(losses) / FADES)
        values = offset + slope * self._scores
        return Observations(self._x, self._family, values, np.full(len(values), variance))


def logarithms(losses: Array) -> Array:
    """Returns log10 of losses, or the losses if one is negative; nan stays nan."""
    smallest = np.nanmin(losses, initial=np.inf)
    return np.log10(np.maximum(losses, SMALLEST)) if smallest >= 0 else losses


def _mid_ranks(values: Array) -> Array:
    """Returns the share of the values that are smaller, of equal ones half, between 0 and 1."""
    order = np.sort(values)
    below = np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right")
    return np.asarray(below / (2 * len(values)))


def _normal_scores(values: Array) -> Array:
    return np.asarray(ndtri(_mid_ranks(values)))


def _rank_correlation(a: Array, b: Array) -> float:
    """Returns Spearman's rank correlation, 0 if one of them is constant."""
    first, second = _mid_ranks(a) - 0.5, _mid_ranks(b) - 0.5
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / scale if scale > 0 else 0.0
