"""Inside against outside of a sphere in an isotropic Gaussian.

Source: ``sklearn.datasets.make_gaussian_quantiles``; 4 independent standard normal features, label
1 for the half of the rows that is farther from the origin. The boundary has no noise. The training
rows standardise the features. Each seed draws a fresh sample.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn

N_FEATURES = 4  # fits the published text; 10 does not
N_CLASSES = 2  # the published text gives no number; two quantiles make it binary

DATASET = scikit_learn.fresh_sample(
    "gaussian_quantiles",
    "make_gaussian_quantiles",
    n_features=N_FEATURES,
    settings={"n_features": N_FEATURES, "n_classes": N_CLASSES},
)
