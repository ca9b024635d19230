"""Fisher's irises: 150 flowers of 3 species, 4 lengths and widths in cm.

Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7
(1936), the copy in ``sklearn.datasets.load_iris``. The training rows standardise the features. The
seed decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn

DATASET = scikit_learn.stored_table(
    "iris",
    "load_iris",
    n_features=4,
    n_outputs=3,
    source="Fisher (1936)",
    licence="CC BY 4.0",
)
