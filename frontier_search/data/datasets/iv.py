"""The modified Bessel function of the first kind, I_v(z), v and z in [0, 1].

Source: Yu et al. (2024), see ``data.special_functions``.
"""

from __future__ import annotations

from frontier_search.data.special_functions import SpecialFunction, dataset

DATASET = dataset("iv", SpecialFunction("iv"))
