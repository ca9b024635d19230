"""Two interleaving noisy half circles.

Source: ``sklearn.datasets.make_moons``; half circles of radius 1 with noise of standard deviation
0.2. The training rows standardise the features. Each seed draws a fresh sample.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn

DATASET = scikit_learn.fresh_sample("moons", "make_moons", n_features=2, settings={"noise": 0.2})
