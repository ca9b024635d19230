"""The numbers of a large table are read again at each use, and are the same ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from frontier_search.table import values
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written
from frontier_search.table.understanding import Understanding, understand


def understood() -> Understanding:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "single": rng.standard_normal(60).astype(np.float32),
            "double": rng.standard_normal(60),
            "count": rng.integers(0, 90, 60),
            "word": rng.choice(["red", "green", "blue"], 60),
            "text": [f"{value:.3f} kg" for value in rng.standard_normal(60)],
            "y": [*rng.choice(["yes", "no"], 59), None],  # the last row has no target
        }
    )
    frame.loc[3, "double"] = np.nan
    return understand(
        RawTable(frame, Written("test"), source="'rows'"), TableOptions(target=("y",))
    )


def test_a_large_table_has_the_values_of_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    small = understood()
    monkeypatch.setattr(values, "KEPT", 0)
    large = understood()
    assert list(large.values) == list(small.values) == [each.name for each in small.used]
    assert len(large.values) == len(small.values)
    for name, read in small.values.items():
        assert name in large.values
        assert large.values[name].dtype == np.float64
        np.testing.assert_array_equal(large.values[name], read)
    assert "y" not in large.values
    assert list(large.numbers) == list(small.numbers) == ["single", "double", "count", "text"]
    training = np.arange(40)
    np.testing.assert_array_equal(
        large.inputs(large.preprocessing(training)), small.inputs(small.preprocessing(training))
    )


def test_only_what_is_costly_to_read_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    small = understood().values
    assert all(small[name] is small[name] for name in small)
    monkeypatch.setattr(values, "KEPT", 0)
    large = understood().values
    assert {name for name in large if large[name] is large[name]} == {"word", "text"}
