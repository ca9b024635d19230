"""Diabetes: 442 patients, 10 measurements, the progression of the disease one year later.

Source: B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, "Least angle regression", The Annals of
Statistics 32 (2004), the copy in ``sklearn.datasets.load_diabetes``. The training rows standardise
features and target. The seed decides a split at random, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn

DATASET = scikit_learn.stored_table(
    "diabetes",
    "load_diabetes",
    n_features=10,
    source="Efron et al. (2004)",
    licence="not stated",
    task="regression",
)
