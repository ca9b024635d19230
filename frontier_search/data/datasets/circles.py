"""Two concentric noisy circles.

Source: ``sklearn.datasets.make_circles``; radii 1 (label 0) and 0.5 (label 1) with noise of
standard deviation 0.1. The training rows standardise the features. Each seed draws a fresh sample.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn

DATASET = scikit_learn.fresh_sample(
    "circles",
    "make_circles",
    n_features=2,
    settings={"noise": 0.1, "factor": 0.5},  # factor: the inner radius over the outer one
)
