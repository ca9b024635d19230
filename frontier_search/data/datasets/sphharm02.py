"""The spherical harmonic of order 0 and degree 2, azimuth and polar angle in [0, 1].

Source: Yu et al. (2024), see ``data.special_functions``.
"""

from __future__ import annotations

from frontier_search.data.special_functions import SpecialFunction, dataset

DATASET = dataset("sphharm02", SpecialFunction("sph_harm_y", (0, 2)))
