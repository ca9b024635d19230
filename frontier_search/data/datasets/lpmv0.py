"""The associated Legendre function of order 0, P_v^0(x), v and x in [0, 1].

Source: Yu et al. (2024), see ``data.special_functions``.
"""

from __future__ import annotations

from frontier_search.data.special_functions import SpecialFunction, dataset

DATASET = dataset("lpmv0", SpecialFunction("lpmv", (0,)))
