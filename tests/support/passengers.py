"""A table as people have it: passengers of a ship, with missing values, categories and names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def frame(n_rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """Returns passengers, of whom women, children and the first class survive more often."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["male", "female"], n_rows, p=[0.65, 0.35])
    cabin = rng.choice([1, 2, 3], n_rows, p=[0.25, 0.2, 0.55])
    age = rng.gamma(6.0, 5.0, n_rows).round(1)
    fare = np.exp(rng.normal(4.5 - 0.8 * cabin, 0.5)).round(2)
    logit = 2.5 * (sex == "female") - 0.8 * (cabin - 1) - 0.02 * age + 0.3
    survived = np.where(rng.random(n_rows) < 1 / (1 + np.exp(-logit)), "yes", "no")
    return pd.DataFrame(
        {
            "name": [f"Passenger, No. {number}" for number in range(n_rows)],
            "class": cabin,
            "sex": sex,
            "age": np.where(rng.random(n_rows) < 0.2, np.nan, age),
            "siblings": rng.poisson(0.5, n_rows),
            "fare": fare,
            "port": rng.choice(["S", "C", "Q", None], n_rows, p=[0.7, 0.18, 0.1, 0.02]),
            "survived": survived,
        }
    )


def write(path: Path, n_rows: int = 240, seed: int = 0) -> Path:
    """Writes passengers as a CSV file."""
    frame(n_rows, seed).to_csv(path, index=False)
    return path
