"""Japanese vowels: 640 utterances by nine men, of 7 to 29 steps of 12 cepstral coefficients.

The class is the speaker. The published split is kept: 370 utterances are the test rows of every
seed. The seed draws the validation rows, 6 of each speaker's 30 others. The training rows
standardise each coefficient over all their steps; steps before an utterance are 0.

Source: M. Kudo, J. Toyama and M. Shimbo, "Multidimensional curve classification using
passing-through regions", Pattern Recognition Letters 20 (1999), UCI Machine Learning Repository.
The files are in the package ``sktime``, and are read here, so that it is never imported.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset, Split, TrainingBudget
from frontier_search.data.optional import folder
from frontier_search.data.splitting import Parts, split_rows

PACKAGE = "sktime"
STEPS, CHANNELS, SPEAKERS = 29, 12, 9
N_TRAIN, VAL_A_SPEAKER = 270, 6

Utterances = tuple[NDArray[np.float64], NDArray[np.int64]]


def split(seed: int) -> Split:
    """Returns x of shape (n_rows, 29 * 12), standardised, y the speaker 0 .. 8.

    Raises:
        SpecError: the package is not installed.
    """
    x, y = _read(folder(PACKAGE) / "datasets" / "data" / "JapaneseVowels")
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(np.flatnonzero(y[:N_TRAIN] == label)) for label in range(SPEAKERS)]
    val = np.concatenate([rows[:VAL_A_SPEAKER] for rows in drawn])
    train = np.concatenate([rows[VAL_A_SPEAKER:] for rows in drawn])
    parts = Parts(rng.permutation(train), rng.permutation(val), np.arange(N_TRAIN, len(y)))
    seen = x[parts.train].reshape(-1, CHANNELS)
    scaled = (x - np.nanmean(seen, axis=0)) / np.nanstd(seen, axis=0)
    return split_rows(np.nan_to_num(scaled).reshape(len(x), -1), y, parts, "multiclass")


@functools.cache
def _read(files: Path) -> Utterances:
    """Returns all utterances (640, 29, 12), the 270 of the published training set first.

    Steps before an utterance are not-a-number.
    """
    x, y = [], []
    for part in ("TRAIN", "TEST"):
        text = (files / f"JapaneseVowels_{part}.ts").read_text(encoding="utf-8")
        for line in text.partition("@data")[2].split():
            *channels, label = line.split(":")
            values = np.array([channel.split(",") for channel in channels], dtype=np.float64).T
            row = np.full((STEPS, CHANNELS), np.nan)
            row[STEPS - len(values) :] = values
            x.append(row)
            y.append(int(label) - 1)
    return np.stack(x), np.array(y, dtype=np.int64)


DATASET = Dataset(
    name="japanese_vowels",
    task="multiclass",
    n_features=STEPS * CHANNELS,
    n_outputs=SPEAKERS,
    unit="nats",
    source=f"Kudo et al. (1999), package {PACKAGE}",
    budget=TrainingBudget(epochs=100, batch_size=32),
    split=split,
    population="one split",
    licence="CC BY 4.0",
    package=PACKAGE,
    sequence=(STEPS, CHANNELS),
)
