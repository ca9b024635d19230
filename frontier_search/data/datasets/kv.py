"""The modified Bessel function of the second kind, K_v(z), v in [0, 1], z in [0.1, 1].

Source: Yu et al. (2024), see ``data.special_functions``.
"""

from __future__ import annotations

from frontier_search.data.special_functions import POLE, SpecialFunction, dataset

DATASET = dataset("kv", SpecialFunction("kv", low=POLE))
