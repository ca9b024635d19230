"""Italian wines: 178 wines of 3 cultivars, 13 chemical measurements.

Source: M. Forina et al., PARVUS (1988), UCI Machine Learning Repository, the copy in
``sklearn.datasets.load_wine``. The training rows standardise the features. The seed decides a
stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn

DATASET = scikit_learn.stored_table(
    "wine",
    "load_wine",
    n_features=13,
    n_outputs=3,
    source="Forina et al. (1988)",
    licence="CC BY 4.0",
)
