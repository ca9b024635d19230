"""The Bessel function of the second kind, Y_v(z), v in [0, 1] and z in [0.1, 1].

Source: Yu et al. (2024), see ``data.special_functions``.
"""

from __future__ import annotations

from frontier_search.data.special_functions import POLE, SpecialFunction, dataset

DATASET = dataset("yv", SpecialFunction("yv", low=POLE))
