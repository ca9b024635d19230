"""Rows that a program holds become the file of a search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.datasets import load_wine

from frontier_search import SpecError, write_table
from frontier_search.data.reference import DatasetReference, understood
from frontier_search.table import library
from frontier_search.table.options import TableOptions

FRAME = pd.DataFrame({"a": np.arange(40) % 7 + 0.5, "target": ["x", "y"] * 20})


@pytest.mark.parametrize(
    "rows",
    [
        FRAME,
        pa.Table.from_pandas(FRAME),
        FRAME.to_dict("list"),
        (FRAME[["a"]].to_numpy(), FRAME["target"].to_numpy()),
        (FRAME[["a"]], FRAME["target"]),
        FRAME.to_dict("records"),
        np.array(list(FRAME.itertuples(index=False)), dtype=[("a", "f8"), ("target", "U1")]),
    ],
    ids=["pandas", "arrow", "mapping", "arrays", "frames", "records", "structured"],
)
@pytest.mark.parametrize("end", ["csv", "parquet"])
def test_rows_are_written_and_read_again(tmp_path: Path, rows: Any, end: str) -> None:
    table = understood(write_table(rows, tmp_path / f"rows.{end}"), TableOptions())
    assert table.targets.classes == ("x", "y") and table.n_rows == 40
    assert table.values[table.used[0].name].tolist() == FRAME["a"].tolist()


def test_a_bunch_keeps_the_names_of_its_columns_and_classes(tmp_path: Path) -> None:
    for bunch in (load_wine(), load_wine(as_frame=True)):
        table = understood(write_table(bunch, tmp_path / "wine.csv"), TableOptions())
        assert table.targets.classes == ("class_0", "class_1", "class_2")
        assert "alcohol" in [each.name for each in table.used]


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="int is no table"):
        write_table(3, tmp_path / "rows.csv")
    with pytest.raises(SpecError, match="columns of .* hold lists or objects: 'a'"):
        write_table(FRAME.assign(a=[[1, 2]] * 40), tmp_path / "rows.csv")
    with pytest.raises(SpecError, match="Convert the column to numbers or words"):
        write_table(FRAME.assign(a=FRAME["a"] + 1j), tmp_path / "rows.parquet")
    with pytest.raises(SpecError, match="neither in .csv"):
        write_table(FRAME, tmp_path / "rows.xml")


def test_a_table_of_scikit_learn_is_named() -> None:
    dataset = DatasetReference.read("sklearn:wine").load()
    assert (dataset.task, dataset.n_features, dataset.target) == ("multiclass", 13, ("target",))
    with pytest.raises(SpecError, match="Did you mean 'wine'"):
        library.read("sklearn:win")


def test_a_table_of_openml_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    import sklearn.datasets

    def fetch(data_id: int, **settings: object) -> Any:
        if data_id != 61:
            raise ValueError("no dataset")
        return load_wine(as_frame=True)

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    assert library.read("openml:61").targets == ("target",)
    with pytest.raises(SpecError, match="OpenML did not give dataset 62"):
        library.read("openml:62")
    with pytest.raises(SpecError, match="give OpenML's number"):
        library.read("openml:wine")
