"""The associated Legendre function of order 1, P_v^1(x), v and x in [0, 1].

Source: Yu et al. (2024), see ``data.special_functions``.
"""

from __future__ import annotations

from frontier_search.data.special_functions import SpecialFunction, dataset

DATASET = dataset("lpmv1", SpecialFunction("lpmv", (1,)))
