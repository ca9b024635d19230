"""The incomplete elliptic integral of the first kind, F(phi | m), phi and m in [0, 1].

Source: Yu et al. (2024), see ``data.special_functions``.
"""

from __future__ import annotations

from frontier_search.data.special_functions import SpecialFunction, dataset

DATASET = dataset("ellipkinc", SpecialFunction("ellipkinc"))
