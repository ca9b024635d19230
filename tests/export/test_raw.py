"""The C that takes raw rows: from CSV it answers as the preprocessing and the model do."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontier_search.export import bundle, compiler
from frontier_search.export.operations.product import Product
from frontier_search.export.plan import Plan
from frontier_search.export.raw import columns, reference
from frontier_search.export.raw.scale import narrowed
from frontier_search.export.source import source
from frontier_search.table import cells, reading
from frontier_search.table.options import TableOptions
from frontier_search.table.preprocessing import Preprocessing

N, RNG = 120, np.random.default_rng(3)
DAYS = pd.date_range("2023-01-15 05:10", periods=N, freq="53h")
LEVELS = ["red", "green", "dark, blue", 'a "b"', "1/2"]
TABLE = pd.DataFrame(
    {
        "size": np.where(np.arange(N) % 7 == 0, np.nan, RNG.normal(50.0, 9.0, N).round(3)),
        "Year built": RNG.integers(1990, 2020, N),
        "paid": [f"{value:,.2f} €" for value in RNG.uniform(5e2, 9e4, N)],
        "code": np.where(np.arange(N) % 9 == 0, -999, RNG.integers(100, 900, N)),
        "colour": np.array(LEVELS)[RNG.integers(5, size=N)],
        "floor": RNG.choice(
            ["f1", "f2", "f3", "7 a", "8 a", "9 a"], N, p=[0.4, 0.3, 0.27] + 3 * [0.01]
        ),
        "open": RNG.choice(["yes", "no"], N),
        "day": DAYS.strftime("%d.%m.%Y %H:%M"),
        "sold": DAYS.strftime("%Y-%m-%dT%H:%M:%S"),
        "bought": DAYS.strftime("%b %d, %Y"),
        "at": DAYS.strftime("%H:%M:%S"),
        "weight": [f"{value:.1f} kg" for value in RNG.uniform(40, 90, N)],
        "int": RNG.normal(0, 1, N).round(4),
        "kind": np.array(["cat", "dog", "ant"])[np.arange(N) % 3],
        "pair": np.array([True, False])[np.arange(N) % 2],
        "price": RNG.normal(300.0, 90.0, N).round(2),
        "year sold": RNG.normal(2000.0, 3.0, N).round(2),
    }
)
TARGETS = ("kind", "pair", "price", "year sold")


@dataclass(frozen=True)
class Made:
    """A compiled program, and what it must answer."""

    program: Path
    preprocessing: Preprocessing
    plan: Plan
    scratch: Path

    def found(self, text: str) -> list[str]:
        words = [
            str(self.program),
            *(["probabilities"] if self.preprocessing.target.classes else []),
        ]
        done = subprocess.run(words, input=text.encode(), capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout.decode().splitlines()[1:]

    def wanted(self, text: str) -> list[str]:
        file = self.scratch / "rows.csv"
        file.write_text(text)
        rows = reading.read(file, TableOptions()).frame
        outputs = self.plan.run(self.preprocessing.transform(rows))
        return reference.written(reference.answers(self.preprocessing, outputs)).splitlines()[1:]


@pytest.fixture(scope="module", params=TARGETS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A model of a table with every kind of column, whose target is one of four."""
    folder = tmp_path_factory.mktemp("raw")
    table = folder / "table.csv"
    others = [name for name in TARGETS if name != request.param]
    TABLE.drop(columns=others).to_csv(table, index=False)
    options = TableOptions(target=(request.param,), missing=("-999",))
    dataset = reading.dataset(table, options)
    assert dataset.preprocessing is not None
    preprocessing = narrowed(dataset.preprocessing(101))
    d, o, rng = dataset.n_features, dataset.n_outputs, np.random.default_rng(1)
    weights, bias = rng.normal(size=(o, d)), rng.normal(size=o)
    product = Product("x", "y", weights.astype(np.float32), bias.astype(np.float32))
    plan = Plan(d, o, {}, [product])
    code = source(plan, "toy", dataset.task)
    files = bundle.texts(plan, code, "toy", "a test", dataset.task, preprocessing)
    for name, text in files.items():
        (folder / name).write_text(text)
    sources = [folder / "main.c", folder / "toy.c"]
    strict = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
    words = [*compiler.host_compiler(), *compiler.FLAGS, *strict, "-o", str(folder / "toy")]
    subprocess.run([*words, *map(str, sources)], check=True)
    return Made(folder / "toy", preprocessing, plan, folder)


MISSING = st.sampled_from(["", "NA", "n/a", "?", "NaN", " null "])
NUMBERS = st.floats(-1e6, 1e6).map(repr) | st.integers(-(10**6), 10**6).map(str)
MOMENTS = st.datetimes(pd.Timestamp("1901-01-01"), pd.Timestamp("2099-12-31"))


def quoted(text: str) -> str:
    return f'"{text.replace(chr(34), 2 * chr(34))}"' if any(each in text for each in ',"') else text


def written(form: str) -> st.SearchStrategy[str]:
    return MOMENTS.map(lambda moment: moment.strftime(form)) | MISSING


CELLS = {
    "size": NUMBERS | st.sampled_from(["1e300", "-inf", "+4.", ".5"]) | MISSING,
    "Year built": NUMBERS | MISSING,
    "paid": st.floats(-1e7, 1e7).map(lambda value: f"{value:,.2f} €") | MISSING,
    "code": st.integers(0, 1000).map(str) | st.just("-999") | MISSING,
    "colour": st.sampled_from([*LEVELS, "Red", "mauve", "café", "redd", "re"]) | MISSING,
    "floor": st.sampled_from(["f1", "f3", "9 a", "10 a", "8 a", "a"]) | MISSING,
    "open": st.sampled_from(["yes", "NO", "Yes", "perhaps"]) | MISSING,
    "day": written("%d.%m.%Y %H:%M"),
    "sold": written("%Y-%m-%dT%H:%M:%S"),
    "bought": written("%b %d, %Y"),
    "at": written("%H:%M:%S"),
    "weight": st.floats(0, 300).map(lambda value: f"{value:.1f} kg") | st.just("\u22123.5 kg"),
    "int": NUMBERS | MISSING,
}
for name in TARGETS:
    CELLS[name] = st.just(str(TABLE[name][0]))
ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, order=st.permutations([*CELLS]), end=st.sampled_from(["\n", "\r\n"]))
def test_raw_rows_in_c_are_those_of_python(
    made: Made, rows: list[dict[str, str]], order: list[str], end: str
) -> None:
    lines = [order, *([quoted(row[name]) for name in order] for row in rows)]
    text = "".join(",".join(line) + end for line in lines)
    assert made.found(text) == made.wanted(text)


def test_a_table_holds_every_kind_of_column(made: Made) -> None:
    assert {each.kind for each in made.preprocessing.codings} == {"number", "category", "date"}
    assert {columns.kind(each) for each in made.preprocessing.codings} == {
        "float ", "double ", "const char *",
    }  # fmt: skip
    assert any(each.indicator for each in made.preprocessing.codings if each.kind == "number")
    assert any(each.grouped for each in made.preprocessing.codings if each.kind == "category")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"size": "large"}, "column 'size', row 1: 'large' cannot be read."),
        ({"day": "31.02.2024 10:00"}, "column 'day', row 1: '31.02.2024 10:00' cannot be read."),
        ({"size": "0x1F"}, "column 'size', row 1: '0x1F' cannot be read."),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(
    made: Made, change: dict[str, str], sentence: str
) -> None:
    row = {name: quoted(str(TABLE[name][3])) for name in CELLS} | change
    text = "\n".join([",".join(row), ",".join(row.values()), ""])
    done = subprocess.run([made.program], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (2, sentence)


def test_a_missing_column_is_named(made: Made) -> None:
    done = subprocess.run(
        [made.program], input="a,b\n", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, "the rows have no column 'size'.\n")


def test_float32_loses_nothing_that_a_model_sees(made: Made, tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "table.csv", index=False)
    rows = reading.read(tmp_path / "table.csv", TableOptions()).frame
    exact = Preprocessing.from_json(made.preprocessing.to_json()).transform(rows)
    np.testing.assert_allclose(made.preprocessing.transform(rows), exact, atol=1e-5)


def test_fields_are_distinct_names_of_c() -> None:
    assert columns.fields(["int", "A b", "a-b", "2nd", "größe", "%"]) == [
        "column_int", "a_b", "a_b_2", "column_2nd", "gr_e", "column",
    ]  # fmt: skip
    assert columns.quoted('a"\\?é') == '"a\\042\\134\\077\\303\\251"'
    assert "" in cells.MISSING  # which the program tests for by itself
