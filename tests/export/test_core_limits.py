"""What a core cannot hold is refused in a sentence before anything is written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from frontier_search import Search
from frontier_search.errors import SearchError, SpecError
from frontier_search.export import compiler, source
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan
from frontier_search.export.raw import source as raw_source
from frontier_search.export.raw.scale import narrowed
from frontier_search.table import reading
from frontier_search.table.options import TableOptions
from frontier_search.table.preprocessing import Preprocessing
from frontier_search.targets.c import make
from tests.support.cores import ready

N, RNG = 80, np.random.default_rng(2)
SMALL = pd.DataFrame({"size": RNG.normal(5, 2, N), "y": RNG.normal(0, 1, N)})
LARGE = SMALL.assign(
    year=RNG.integers(1990, 2020, N),
    day=pd.date_range("2023-01-15", periods=N).strftime("%Y-%m-%d"),
    y=RNG.normal(2000, 3, N),
)


def preprocessing(frame: pd.DataFrame, folder: Path) -> Preprocessing:
    frame.to_csv(folder / "table.csv", index=False)
    dataset = reading.dataset(folder / "table.csv", TableOptions(target=("y",)))
    assert dataset.preprocessing is not None
    return narrowed(dataset.preprocessing(101))


def member(d: int, o: int, raw: Preprocessing | None) -> Any:
    weights, bias = np.ones((o, d), np.float32), np.ones(o, np.float32)
    plan = Plan(d, o, {}, [Product("x", "y", weights, bias)])
    about = SimpleNamespace(task="regression")
    named = {"prefix": "toy", "title": "Trial 1 of toy"}
    return SimpleNamespace(plan=plan, dataset=about, preprocessing=raw, **named)


def refused(made: Any, core: str) -> str:
    with pytest.raises(SpecError) as error:
        make(made, np.zeros((0, made.plan.n_outputs), np.float32), (core,))
    return str(error.value)


def test_constants_of_more_than_32_kb_are_refused_on_avr() -> None:
    found = refused(member(90, 91, None), "avr")  # (90 + 1) x 91 numbers of 4 bytes
    assert "33,124 bytes of constants" in found
    assert "32,767 at most; choose a smaller member" in found


def test_raw_rows_that_need_64_bits_are_refused_on_avr(tmp_path: Path) -> None:
    large = preprocessing(LARGE, tmp_path)
    assert raw_source.wide(large) == ["year", "day", "y"]
    assert "64 bits for 'year', 'day', 'y'" in refused(member(large.width, 1, large), "avr")
    assert raw_source.wide(preprocessing(SMALL, tmp_path)) == []


@pytest.mark.parametrize(
    ("core", "frame", "n_notes"),
    [("avr", LARGE, 1), ("avr", SMALL, 0), ("cortex-m0plus", LARGE, 0)],
)
def test_a_search_says_so_before_it_trains(
    core: str, frame: pd.DataFrame, n_notes: int, tmp_path: Path
) -> None:
    frame.to_csv(tmp_path / "table.csv", index=False)
    table = {"dataset": str(tmp_path / "table.csv"), "target": "y", "families": ["linear"]}
    notes = Search.from_spec(table | {"name": "toy", "device": core}).notes()
    assert len(notes) == n_notes
    for note in notes:
        assert "64 bits for 'year', 'day', 'y', and a double has 32 on avr. `export" in note
        assert "--drop" in note


@pytest.mark.parametrize("core", ["avr", "cortex-m0plus"])
@pytest.mark.parametrize("frame", [SMALL, LARGE], ids=["small", "large"])
def test_the_source_says_so_itself(core: str, frame: pd.DataFrame, tmp_path: Path) -> None:
    device, raw = ready(core), preprocessing(frame, tmp_path)
    plan = member(raw.width, 1, raw).plan
    title, file = "a test", tmp_path / "toy.c"
    code = source.source(plan, "toy", "regression")
    file.write_text(f"{code}\n{raw_source.source(raw, 'toy', 'regression')}")
    header = source.header(plan, "toy", title, "regression", raw_source.header(raw, "toy"), None)
    (tmp_path / "toy.h").write_text(header)
    if core == "avr" and frame is LARGE:
        with pytest.raises(SearchError, match="raw rows need a double of 64 bits"):
            compiler.program(device, "toy_predict", file, tmp_path)
    else:
        assert compiler.program(device, "toy_predict", file, tmp_path).flash > 0
