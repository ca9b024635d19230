"""The associated Legendre function of order 2, P_v^2(x), v and x in [0, 1].

Source: Yu et al. (2024), see ``data.special_functions``.
"""

from __future__ import annotations

from frontier_search.data.special_functions import SpecialFunction, dataset

DATASET = dataset("lpmv2", SpecialFunction("lpmv", (2,)))
