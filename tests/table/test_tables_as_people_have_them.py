"""Every table gets the answer that is right for it; none is wrong in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frontier_search.errors import SpecError
from frontier_search.table import description, options, reading, review
from frontier_search.table.compression import suffix
from frontier_search.table.findings import FINDINGS
from frontier_search.table.formats import FORMATS
from frontier_search.table.options import TableOptions
from frontier_search.table.understanding import Understanding
from tests.support import odd_tables, odder_tables, tables_as_people_have_them

GOOD = tables_as_people_have_them.GOOD | odd_tables.GOOD | odder_tables.GOOD
WARNED = tables_as_people_have_them.WARNED | odd_tables.WARNED | odder_tables.WARNED
REFUSED = tables_as_people_have_them.REFUSED | odd_tables.REFUSED | odder_tables.REFUSED

DEVIATIONS = 1500  # no row of any part is farther from the centre of a column


def understood(folder: Path, name: str, data: bytes, **said: object) -> Understanding:
    path = folder / name
    path.write_bytes(data)
    return reading.understood(path, TableOptions(**said))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(GOOD))
def test_a_good_table_is_understood_in_silence(tmp_path: Path, name: str) -> None:
    data, types, width = GOOD[name]
    table = understood(tmp_path, name, data)
    assert [str(each) for each in review.findings(table)] == []
    assert {key: each.type for each in table.used if (key := each.name) in types} == types
    dataset = reading.dataset(tmp_path / name)
    assert dataset.n_features == table.width == width
    assert dataset.split(101).train.x.shape[1] == width


@pytest.mark.parametrize("name", list(WARNED))
def test_what_may_be_wrong_is_said_with_names_and_a_remedy(tmp_path: Path, name: str) -> None:
    data, kinds = WARNED[name]
    table = understood(tmp_path, name, data)
    found = {each.kind: each for each in review.findings(table)}
    for kind, columns in kinds.items():
        assert kind in found, sorted(found)
        assert found[kind].columns == columns
        assert found[kind].sentence and found[kind].remedy
    also = {"row_order"} if name in ("id.csv", "groups.csv", "groups_without_a_name.csv") else set()
    also |= {"duplicate_rows"} if name == "titanic.csv" else set()
    assert set(found) - set(kinds) - also == set()
    with pytest.raises(SpecError, match=r"\(--strict\)"):
        review.refuse_if_strict(understood(tmp_path, name, data, strict=True))
    if table.targets.rare:
        return
    split = reading.dataset(tmp_path / name).split(101)
    for rows in (split.train, split.val, split.test):
        assert np.isfinite(rows.x).all() and np.abs(rows.x).max() < DEVIATIONS


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_cannot_be_understood_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    data, said = REFUSED[name]
    with pytest.raises(SpecError, match=said):
        understood(tmp_path, name, data)


def test_every_format_has_a_table_that_shows_it() -> None:
    shown = {FORMATS._paths[end] for name in GOOD if (end := suffix(Path(name))) in FORMATS._paths}
    assert shown == set(FORMATS._paths.values())


def test_every_kind_of_finding_has_a_table_that_shows_it() -> None:
    assert {kind for _, kinds in WARNED.values() for kind in kinds} == set(FINDINGS)


def test_the_json_has_the_keys_that_scripts_read(tmp_path: Path) -> None:
    table = understood(tmp_path, "rows.csv", WARNED["titanic.csv"][0])
    data = description.to_json(table)
    assert data["target"] == ["Survived"] and data["task"] == "binary"
    assert set(data["classes"]) == {"0", "1"} and sum(data["classes"].values()) == data["rows"]
    assert data["columns"]["Age"] == {
        "type": "number", "missing": 24, "width": 2, "used": True, "why": "",
    }  # fmt: skip
    assert data["columns"]["Id"]["type"] == "identifier" and not data["columns"]["Id"]["used"]
    assert data["features"] == sum(each["width"] for each in data["columns"].values())
    assert data["format"]["separator"] == "," and data["format"]["header"] is True
    assert [set(each) for each in data["warnings"]] == [
        {"kind", "columns", "rows", "sentence", "remedy"}
    ] * len(data["warnings"])
    assert 0 < description.constant(table)["loss"] < 1  # type: ignore[operator]


@pytest.mark.parametrize("rare", ["drop", "merge"])
def test_rare_classes_are_left_out_or_merged(tmp_path: Path, rare: str) -> None:
    names = ["x", "y", *(["z"] * 2 if rare == "merge" else ["z"])]
    rows = "".join(f"{i % 7 + i / 50},{names[i % 2]}\n" for i in range(60))
    rows += "".join(f"3.5,{name}\n" for name in ("z", "w", "v"))
    table = understood(tmp_path, "rows.csv", f"a,target\n{rows}".encode(), rare=rare)
    assert table.targets.classes == (("x", "y", "other") if rare == "merge" else ("x", "y"))


@pytest.mark.parametrize(
    ("said", "name", "width"),
    [
        ({"keep": ("id",)}, "id.csv", 2),
        ({"drop": ("a",)}, "semicolon.csv", 1),
        ({"target": ("b",)}, "semicolon.csv", 2),
        ({"missing": ("c=-999",)}, "sentinel.csv", 4),
        ({"header": "no"}, "no_header.csv", 2),
        ({"separator": ";", "decimal": ","}, "decimal_comma.csv", 2),
        ({"task": "multiclass"}, "ratings_with_decimals.csv", 2),
    ],
)
def test_what_the_user_says_overrules_what_is_found(
    tmp_path: Path, said: dict[str, object], name: str, width: int
) -> None:
    data = {**GOOD, **WARNED, **REFUSED}[name][0]
    table = understood(tmp_path, name, data, **said)
    assert table.width == width
    assert table.targets.task == said.get("task", table.targets.task)


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("two_floats.csv", (1, 2)),
        ("matrix.npy", (0, 1, 2)),
        ("floats_in_few_steps.csv", ()),
        ("ratings_with_decimals.csv", ()),
        ("spaces_around.csv", ("no", "yes")),
    ],
)
def test_the_classes_are_those_that_people_see(
    tmp_path: Path, name: str, classes: tuple[object, ...]
) -> None:
    assert understood(tmp_path, name, GOOD[name][0]).targets.classes == classes


@pytest.mark.parametrize(
    ("words", "classes"),
    [
        (["None", "mild", "severe"], ("None", "mild", "severe")),
        (["Cat", "cat", "dog"], ("Cat", "dog")),
        (["a", "A", "b"], ("A", "a", "b")),
        (["no", "YES", "Yes"], ("no", "yes")),
        (["New  York", "New York", "Rome"], ("New York", "Rome")),
        (["cafe\u0301", "caf\u00e9", "CAFÉ", "tea"], ("caf\u00e9", "tea")),
    ],
)
def test_words_are_classes_as_they_are_meant(
    tmp_path: Path, words: list[str], classes: tuple[str, ...]
) -> None:
    rows = "".join(f"{i % 7 + i / 50},{words[i % len(words)]}\n" for i in range(60))
    table = understood(tmp_path, "rows.csv", f"a,target\n{rows}".encode())
    assert table.targets.classes == classes


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("café naïve Zoë Größe Mädchen", "cp1252"),
        ("São João ação niño señor año", "cp1252"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy", "cp1250"),
        ("быстрая лиса прыгает через собаку", "cp1251"),
    ],
)
def test_an_encoding_is_found_and_said(tmp_path: Path, text: str, encoding: str) -> None:
    words = text.split()
    rows = "".join(f"{i % 7 + i / 50},{words[i % len(words)]}\n" for i in range(90))
    table = understood(tmp_path, "rows.csv", f"a,target\n{rows}".encode(encoding))
    assert set(table.targets.classes) == set(words)
    assert table.raw.written.encoding == encoding and "because it is not UTF-8" in (
        table.raw.written.describe()
    )


def test_rows_without_a_value_are_skipped_and_counted(tmp_path: Path) -> None:
    table = understood(tmp_path, "rows.csv", GOOD["empty_rows.csv"][0])
    assert "4 empty rows skipped" in table.raw.written.notes
    assert (table.n_rows, len(table.raw.frame)) == (120, 120)
    then = understood(tmp_path, "rows.csv", GOOD["empty_rows.csv"][0], rules=3)
    assert "4 of 124 rows have no target and are left out" in then.targets.notes


def test_a_wrong_byte_changes_one_cell_only(tmp_path: Path) -> None:
    data = WARNED["a_wrong_byte.csv"][0]
    table = understood(tmp_path, "rows.csv", data)
    (found,) = review.findings(table)
    (row,) = found.rows
    assert table.frame["c"][row - 1] == "K\ufffdln" and f"row {row}" in found.sentence
    assert set(table.frame["c"].drop(row - 1)) == {"Köln", "Zürich", "Genève"}
    assert f"byte 0xF6 in line {row + 1} is read as" in table.raw.written.describe()
    assert "cp1252" in understood(tmp_path, "rows.csv", data, rules=3).raw.written.describe()


def test_the_remedy_of_a_warning_works(tmp_path: Path) -> None:
    data = WARNED["all_beyond_float32.csv"][0]
    (found,) = review.findings(understood(tmp_path, "rows.csv", data))
    remedy = found.remedy.rpartition("--missing ")[2].strip("'")
    column = understood(tmp_path, "rows.csv", data, missing=(remedy,)).columns[2]
    assert (column.name, column.missing) == ("c", 1)


def test_parts_that_a_file_holds_are_kept(tmp_path: Path) -> None:
    table = understood(tmp_path, "rows.npz", GOOD["split_already.npz"][0])
    parts = table.splitter(101)
    assert (table.splitter.way, sorted(parts.test)) == ("given", list(range(90, 120)))


def test_files_of_a_split_that_exists_are_its_parts(tmp_path: Path) -> None:
    head = "a,b,target\n"
    rows = [f"{i % 7 + i / 50},{i % 3},{'xy'[i % 2]}\n" for i in range(90)]
    (tmp_path / "test.csv").write_text(head + "".join(rows[60:]))
    (tmp_path / "val.csv").write_text("target,b,a\n" + "y,1,2.5\nx,2,3.5\n")
    files = {"test_file": str(tmp_path / "test.csv"), "val_file": str(tmp_path / "val.csv")}
    data = (head + "".join(rows[:60])).encode()
    parts = understood(tmp_path, "train.csv", data, **files).splitter(101)
    assert [part.tolist() for part in parts] == [
        list(range(60)), [60, 61], list(range(62, 92)),
    ]  # fmt: skip
    (tmp_path / "test.csv").write_text("a,target\n1,x\n")
    with pytest.raises(SpecError, match=r"--test-file .* has no column 'b'"):
        understood(tmp_path, "train.csv", data, test_file=files["test_file"])


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"val_file": "v.csv"}, "give the test rows too"),
        ({"test_file": "t.csv", "time": "a"}, "leave out --time"),
    ],
)
def test_two_ways_to_split_are_refused(said: dict[str, str], sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        options.of(said)


def test_several_targets_are_one_regression(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = "".join(",".join(map(str, row)) + "\n" for row in rng.normal(size=(40, 5)).round(3))
    data = f"a,b,y0,y1,y2\n{rows}".encode()
    last = understood(tmp_path, "rows.csv", data)
    assert last.targets.names == ("y2",) and last.width == 2
    assert "--target y0,y1,y2" in last.why_target
    table = understood(tmp_path, "rows.csv", data, target=("y0,y1,y2",))
    assert table.targets.names == ("y0", "y1", "y2") and table.targets.n_outputs == 3


def test_a_folder_and_an_unknown_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is a folder"):
        reading.understood(tmp_path)
    with pytest.raises(SpecError, match="cannot tell the format"):
        reading.understood(tmp_path / "rows.pdf")
    with pytest.raises(SpecError, match="there is no file"):
        reading.understood(tmp_path / "rows.csv")


def test_pixels_keep_their_place_and_are_divided_by_255(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 4, 5)).astype(np.uint8)
    images[:, 0, 0] = 0  # a corner that is always dark
    np.savez(tmp_path / "images.npz", X=images, y=np.arange(60) % 3)
    dataset = reading.dataset(tmp_path / "images.npz")
    assert (dataset.image, dataset.n_features) == ((1, 4, 5), 20)
    assert dataset.raw_rows is not None
    raw = dataset.raw_rows(101, "test").drop(columns="y").to_numpy()
    np.testing.assert_allclose(dataset.split(101).test.x, raw / 255, rtol=1e-6)
