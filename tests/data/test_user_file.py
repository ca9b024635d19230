"""Datasets from files: the task, the rows, and a sentence for everything that can be wrong."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from frontier_search.data.reference import DatasetReference
from frontier_search.data.user_file import from_file
from frontier_search.errors import SpecError

RNG = np.random.default_rng(7)
N = 40
X = RNG.normal(3.0, 2.0, size=(N, 2))


def write_csv(folder: Path, header: str, *columns: object, name: str = "rows.csv") -> Path:
    path = folder / name
    rows = zip(*columns, strict=True)  # type: ignore[call-overload]
    path.write_text(
        "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8"
    )
    return path


def write_npz(folder: Path, **arrays: object) -> Path:
    path = folder / "rows.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def problems(path: Path | str) -> str:
    with pytest.raises(SpecError) as caught:
        from_file(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("target", "task", "n_outputs", "dtype"),
    [
        ([0, 1] * 20, "binary", 1, np.float32),
        ([-1, 5] * 20, "binary", 1, np.float32),
        (["True", "False"] * 20, "binary", 1, np.float32),
        (["yes", "no"] * 20, "binary", 1, np.float32),
        ([3, 5, 7, 9] * 10, "multiclass", 4, np.int64),
        (["c", "a", "b", "a"] * 10, "multiclass", 3, np.int64),
        (X[:, 0] * 2, "regression", 1, np.float32),
        ([0.0, 1.0] * 20, "regression", 1, np.float32),
    ],
)
def test_the_task_follows_from_the_target(
    tmp_path: Path, target: list[object], task: str, n_outputs: int, dtype: type
) -> None:
    dataset = from_file(write_csv(tmp_path, "a,b,label", *X.T, target))
    assert (dataset.task, dataset.n_features, dataset.n_outputs) == (task, 2, n_outputs)
    split = dataset.split(0)
    assert [len(rows) for rows in (split.train, split.val, split.test)] == [24, 8, 8]
    assert all(
        rows.y.dtype == dtype and rows.x.dtype == np.float32 and rows.x.flags.c_contiguous
        for rows in (split.train, split.test)
    )
    classes = np.unique(split.train.y).tolist()
    assert len(classes) > 1 if task == "regression" else classes == list(range(max(2, n_outputs)))


def test_whole_numbers_with_many_values_are_a_regression(tmp_path: Path) -> None:
    dataset = from_file(write_csv(tmp_path, "a,target", range(60), range(60)))
    assert dataset.task == "regression"
    assert dataset.unit == "squared standard deviations of the target"


def test_the_target_is_the_column_of_that_name_in_any_position(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path, "\ufeffa, target,b", X[:, 0], ["cat", "dog", "dog", "ant"] * 10, X[:, 1]
    )
    dataset = from_file(path)
    train = dataset.split(3).train
    # Sorted classes: ant, cat, dog. 60 % of 10, 10 and 20 rows.
    assert np.bincount(train.y).tolist() == [6, 6, 12]
    assert DatasetReference.read(str(path)).load().name == dataset.name == str(path)


def test_rows_stay_together_and_each_is_used_once(tmp_path: Path) -> None:
    numbers = np.arange(N)
    split = from_file(
        write_npz(tmp_path, X=np.column_stack([numbers, numbers**2]), y=numbers * 10.0)
    ).split(5)
    both = [
        np.concatenate(
            [
                getattr(rows, axis).reshape(len(rows), -1)
                for rows in (split.train, split.val, split.test)
            ]
        )
        for axis in "xy"
    ]
    order = np.argsort(both[1][:, 0])
    # Standardising is affine. The first feature is the target, and rows sorted by it are equally
    # spaced.
    np.testing.assert_allclose(both[0][:, 0], both[1][:, 0], atol=1e-5)
    np.testing.assert_allclose(
        np.diff(both[1][order, 0]), np.diff(both[1][order, 0]).mean(), rtol=1e-3
    )


def test_a_seed_decides_the_rows(tmp_path: Path) -> None:
    dataset = from_file(write_csv(tmp_path, "a,b,y", *X.T, [0, 1] * 20))
    assert np.array_equal(
        dataset.split(1).train.x, pickle.loads(pickle.dumps(dataset)).split(1).train.x
    )
    assert not np.array_equal(dataset.split(1).train.x, dataset.split(2).train.x)


def test_features_and_a_regression_target_are_standardised_by_the_training_rows(
    tmp_path: Path,
) -> None:
    train = (
        from_file(write_csv(tmp_path, "a,b,constant,y", *X.T, [0.1] * N, X.sum(axis=1)))
        .split(0)
        .train
    )
    np.testing.assert_allclose(train.x.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(train.x.std(axis=0), [1.0, 1.0, 0.0], atol=1e-6)
    assert train.y.mean() == pytest.approx(0.0, abs=1e-6) and train.y.std() == pytest.approx(
        1.0, abs=1e-6
    )


def test_images_are_flattened_and_bytes_are_scaled_and_not_standardised(tmp_path: Path) -> None:
    images = RNG.integers(0, 256, size=(N, 3, 4), dtype=np.uint8)
    images[:, 0, 0] = 255
    dataset = from_file(
        write_npz(tmp_path, X=images, y=np.array([0, 1, 2, 3] * 10, dtype=np.uint8))
    )
    assert (dataset.task, dataset.n_features, dataset.n_outputs) == ("multiclass", 12, 4)
    assert dataset.image == (1, 3, 4)
    assert from_file(
        write_npz(tmp_path, X=images.reshape(N, 2, 3, 2), y=np.array([0, 1] * 20))
    ).image == (2, 3, 2)
    x = dataset.split(0).train.x
    assert x.dtype == np.float32 and (x[:, 0] == 1.0).all()
    assert set(map(tuple, (x * 255).round().astype(int).tolist())) <= set(
        map(tuple, images.reshape(N, 12).tolist())
    )


def test_numpy_labels_of_every_kind(tmp_path: Path) -> None:
    for labels in (
        np.array([True, False] * 20),
        np.array(["a", "b"] * 20),
        np.array([b"a", b"b"] * 20),
    ):
        assert from_file(write_npz(tmp_path, X=X, y=labels)).task == "binary"


def test_missing_file_and_unknown_format(tmp_path: Path) -> None:
    assert "there is no file" in problems(tmp_path / "absent.csv")
    assert "give a file that ends in .csv or .npz" in problems(tmp_path / "rows.parquet")
    with pytest.raises(SpecError, match="there is no file"):
        DatasetReference.read(str(tmp_path / "absent.npz")).load()


def test_csv_columns_that_are_not_numeric_or_have_gaps_are_named(
    tmp_path: Path,
) -> None:
    cities, heights = ["Rome", "Bari"] * 20, ["1.5", "", "inf", "2.5"] * 10
    said = problems(write_csv(tmp_path, "city,height,y", cities, heights, [0, 1] * 20))
    assert "not numeric: 'city'" in said
    assert "missing (empty, NA or None) values" in said and "infinite values" in said
    assert said.count("'height' (10)") == 2
    assert len(said.splitlines()) == 3


def test_gaps_in_the_target_are_counted(tmp_path: Path) -> None:
    assert "'y' (20)" in problems(write_csv(tmp_path, "a,y", range(N), ["p", ""] * 20))
    assert "infinite values" in problems(write_csv(tmp_path, "a,y", range(N), [1.5, "inf"] * 20))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("a,y\n1,0\n1,0,3\n", "cannot read"),
        ("a;y\n1;0\n", "Separate columns by commas"),
        ("1.5,2\n2.5,3\n", "the header row is missing"),
        (",a,y\n0,1,2\n", "column 1 of"),
        ("a,a,y\n1,2,3\n", "share a name: 'a'"),
        ("a,y\n1,2,3\n4,5,6\n", "have 3 values and its header has 2 names"),
        ("a,y\n", "has 0 rows; at least 20"),
    ],
)
def test_csv_that_cannot_be_read_as_the_user_meant_it(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    assert said in problems(path)


def test_csv_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("größe,y\n1,2\n".encode("latin-1"))
    assert "in UTF-8 with a header row" in problems(path)


def test_numbered_column_names_are_a_header(tmp_path: Path) -> None:
    assert from_file(write_csv(tmp_path, "0,1,2", *X.T, [0, 1] * 20)).n_features == 2


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ([1] * N, "is 1 in every row"),
        (["a", "b"] * 19 + ["c", "c"], "fewer than 3 rows: 'c' (2)"),
        ([f"name {i}" for i in range(80)], "has 80 distinct strings"),
        (list(range(N)), "and 35 more"),
    ],
)
def test_targets_that_are_neither_classes_nor_a_regression(
    tmp_path: Path, target: list[object], said: str
) -> None:
    assert said in problems(write_csv(tmp_path, "a,y", range(len(target)), target))


def test_at_least_twenty_rows(tmp_path: Path) -> None:
    assert "has 19 rows; at least 20" in problems(write_npz(tmp_path, X=X[:19], y=X[:19, 0]))
    assert from_file(write_npz(tmp_path, X=X[:20], y=X[:20, 0])).task == "regression"


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"X": X}, "has no y, it holds X"),
        ({"images": X, "labels": X}, "has no X and no y, it holds images, labels"),
        ({"X": X[:, 0], "y": X[:, 0]}, "X of"),
        ({"X": X, "y": np.eye(N)}, "y.argmax(1) if it is one-hot"),
        ({"X": X, "y": X[:30, 0]}, "has 40 rows and y has 30"),
        ({"X": X.astype(str), "y": X[:, 0]}, "features must be booleans, integers or floats"),
        ({"X": X, "y": X[:, 0] + 1j}, "has dtype complex128"),
        ({"X": np.where(X > 3, np.nan, X), "y": X[:, 0]}, f"'X' ({int((X > 3).sum())})"),
        ({"X": X, "y": np.where(X[:, 0] > 3, np.inf, X[:, 0])}, "infinite values"),
        ({"X": X[:0], "y": X[:0, 0]}, "has 0 rows"),
        ({"X": X[0, 0], "y": X[:, 0]}, "has shape ()"),
    ],
)
def test_npz_that_cannot_be_a_dataset(tmp_path: Path, arrays: dict[str, object], said: str) -> None:
    assert said in problems(write_npz(tmp_path, **arrays))


class Bomb:
    """Unpickling it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return (Path.touch, (self.path,))


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    trace = tmp_path / "exploded"
    path = write_npz(tmp_path, X=X, y=np.array([Bomb(trace)] * N, dtype=object))
    assert "Python objects are not read" in problems(path)
    assert not trace.exists()
    np.load(path, allow_pickle=True)["y"]
    assert trace.exists()  # so unpickling does make the file


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_npz(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.npz"
    path.write_bytes(content)
    assert "cannot read" in problems(path)


def test_npz_that_is_a_single_array_or_cut_or_no_arrays(tmp_path: Path) -> None:
    path = tmp_path / "rows.npz"
    with path.open("wb") as lines:
        np.save(lines, X)
    assert "it holds a single array" in problems(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X", "1,2")
        archive.writestr("y", "1")
    assert "X or y is not a numpy array" in problems(path)
    whole = write_npz(tmp_path, X=X, y=X[:, 0]).read_bytes()
    path.write_bytes(whole[:200] + bytes([whole[200] ^ 255]) + whole[201:])
    assert "cannot read" in problems(path)
