"""Breast cancer: 569 tumours, benign or malignant, 30 measurements of their cell nuclei.

Source: W. N. Street, W. H. Wolberg and O. L. Mangasarian, "Nuclear feature extraction for breast
tumor diagnosis", SPIE 1905 (1993), UCI Machine Learning Repository, the copy in
``sklearn.datasets.load_breast_cancer``. The training rows standardise the features. The seed
decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn

DATASET = scikit_learn.stored_table(
    "breast_cancer",
    "load_breast_cancer",
    n_features=30,
    source="Street et al. (1993)",
    licence="CC BY 4.0",
    task="binary",
)
