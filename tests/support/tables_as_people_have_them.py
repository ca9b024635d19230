"""Tables as people have them, each made here: what a user writes, exports or is sent.

Each is modelled on a public bug report or on a newcomer's try. ``GOOD`` are understood in silence,
``WARNED`` with warnings of certain kinds, ``REFUSED`` with a sentence.
"""

from __future__ import annotations

import gzip
import io
import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

N = 120
RNG = np.random.default_rng(11)
A, B = RNG.normal(size=N), RNG.normal(size=N)
Y = A - B + 0.3 * RNG.normal(size=N)
FRAME = pd.DataFrame({"a": A, "b": B, "target": Y}).round(4)
CLASSES = np.where(Y > 0, 1, 0)
LEVELS = np.array(["red", "green", "blue"])[RNG.integers(3, size=N)]
HIDDEN = RNG.permutation(N)


def csv(frame: pd.DataFrame = FRAME, **settings: object) -> bytes:
    return frame.to_csv(index=False, **settings).encode()  # type: ignore[call-overload]


def with_column(**columns: object) -> bytes:
    """The base table with further columns before the target."""
    return csv(FRAME.drop(columns="target").assign(**columns, target=FRAME["target"]))


def of_classes(target: object, **columns: object) -> bytes:
    return csv(FRAME.assign(target=target, **columns)[["a", "b", *columns, "target"]])


def text() -> str:
    return csv().decode()


def excel() -> bytes:
    stream = io.BytesIO()
    FRAME.to_excel(stream, index=False)
    return stream.getvalue()


def npz(**arrays: object) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def feather() -> bytes:
    stream = io.BytesIO()
    FRAME.to_feather(stream)
    return stream.getvalue()


def npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, FRAME.to_numpy())
    return stream.getvalue()


def arff() -> bytes:
    head = "@relation rows\n@attribute a numeric\n@attribute colour {red,green,blue}\n"
    rows = "\n".join(f"{a},{level},{y}" for a, level, y in zip(A, LEVELS, Y, strict=True))
    return f"{head}@attribute target numeric\n@data\n{rows}\n".encode()


def some(values: object, other: object, *rows: int) -> pd.Series:  # type: ignore[type-arg]
    """A column with another value in some rows, or in every fifth row."""
    column = pd.Series(values).astype(object)
    column[list(rows) or list(range(0, N, 5))] = other
    return column


GOOD: dict[str, tuple[bytes, dict[str, str], int]] = {
    # name -> bytes, types of the features, encoded width
    "semicolon.csv": (csv(sep=";"), {"a": "number", "b": "number"}, 2),
    "decimal_comma.csv": (csv(sep=";", decimal=","), {"a": "number", "b": "number"}, 2),
    "bom.csv": (b"\xef\xbb\xbf" + csv(FRAME[["target", "a", "b"]]), {"a": "number"}, 2),
    "utf16.csv": (text().encode("utf-16"), {"a": "number"}, 2),
    "tab.tsv": (csv(sep="\t"), {"a": "number"}, 2),
    "tab.csv": (csv(sep="\t"), {"a": "number"}, 2),
    "bars.txt": (csv(sep="|"), {"a": "number"}, 2),
    "spaces.txt": (text().replace(",", "   ").encode(), {"a": "number"}, 2),
    "missing_feature.csv": (with_column(c=some(B, "NA")), {"c": "number"}, 4),
    "text_feature.csv": (with_column(colour=LEVELS), {"colour": "category"}, 5),
    "date.csv": (
        with_column(when=[f"2024-01-{1 + i % 28:02d}" for i in HIDDEN]), {"when": "date"}, 5,
    ),
    "labels_5_7.csv": (of_classes(np.where(CLASSES, 5, 7)), {"a": "number"}, 2),
    "labels_10_20_30.csv": (of_classes(RNG.integers(1, 4, N) * 10), {"a": "number"}, 2),
    "ratings_with_decimals.csv": (of_classes(RNG.integers(1, 6, N) * 1.0), {"a": "number"}, 2),
    "counts.csv": (of_classes(200 + (10 * Y).astype(int)), {"a": "number"}, 2),
    "thousands.csv": (with_column(c=[f"{1000 + 7 * i:,}" for i in HIDDEN]), {"c": "number"}, 3),
    "latin1.csv": (
        text().replace("a,", "größe,", 1).encode("latin-1"), {"größe": "number"}, 2,
    ),
    "trailing_separator.csv": (
        text().replace("\n", ",\r\n").replace("target,", "target").encode(), {"a": "number"}, 2,
    ),
    "trailing_everywhere.csv": (text().replace("\n", ",\r\n").encode(), {"a": "number"}, 2),
    "booleans.csv": (of_classes(np.where(CLASSES, "TRUE", "FALSE")), {"a": "number"}, 2),
    "spaces_around.csv": (
        of_classes([("no" if not c else [" yes ", "yes"][i % 2]) for i, c in enumerate(CLASSES)]),
        {"a": "number"}, 2,
    ),
    "comma_in_name.csv": (
        csv(FRAME.assign(target=CLASSES).rename(columns={"target": "response, heart"})),
        {"a": "number"}, 2,
    ),
    "preamble.csv": (b"# logger v1.2\n" + csv(), {"a": "number"}, 2),
    "titles.csv": (b"measured on Monday\n\n" + csv(), {"a": "number"}, 2),
    "sep_line.csv": (b"sep=;\n" + csv(sep=";"), {"a": "number"}, 2),
    "commented_header.txt": (b"# " + csv(), {"a": "number"}, 2),
    "percent.csv": (with_column(c=[f"{50 + b:.1f}%" for b in B]), {"c": "number"}, 3),
    "meß daten ü.csv": (csv(), {"a": "number"}, 2),
    "target_case.csv": (
        csv(FRAME[["target", "a", "b"]].rename(columns={"target": " Target"})), {"a": "number"}, 2,
    ),
    "good.csv.gz": (gzip.compress(csv()), {"a": "number"}, 2),
    "good.xlsx": (excel(), {"a": "number"}, 2),
    "good.parquet": (FRAME.to_parquet(index=False), {"a": "number"}, 2),
    "good.feather": (feather(), {"a": "number"}, 2),
    "good.json": (FRAME.to_json(orient="records").encode(), {"a": "number"}, 2),
    "columns.json": (json.dumps(FRAME.to_dict("list")).encode(), {"a": "number"}, 2),
    "lines.jsonl": (FRAME.to_json(orient="records", lines=True).encode(), {"a": "number"}, 2),
    "good.npy": (npy(), {"x0": "number"}, 2),
    "good.arff": (arff(), {"colour": "category"}, 4),
    "several_targets.npz": (
        npz(X=FRAME[["a", "b"]], y=Y[:, None] + A[:, None] ** [1, 2, 3]), {"x0": "number"}, 2,
    ),
    "missing_target.csv": (of_classes(some(FRAME["target"], "", 0)), {"a": "number"}, 2),
    "shuffled_classes.csv": (of_classes(CLASSES), {"a": "number"}, 2),
}  # fmt: skip

PATIENT = np.repeat(np.arange(12), 10)
WALK = np.cumsum(RNG.normal(size=N)).round(3) + 50
HOURS = [str(datetime(2024, 1, 1) + timedelta(hours=i)) for i in range(N)]
CENSUS = pd.DataFrame(
    {"age": RNG.integers(20, 60, N), " workclass": np.where(A > 0.3, " ?", " Private"),
     " income": np.where(CLASSES, " >50K", " <=50K")}
)  # fmt: skip

WARNED: dict[str, tuple[bytes, dict[str, tuple[str, ...]]]] = {  # kind -> columns
    "id.csv": (
        csv(FRAME.assign(id=np.arange(N) + 1000, target=CLASSES)[["id", "a", "target"]]),
        {"identifier": ("id",)},
    ),
    "row_number.csv": (
        csv(FRAME.assign(Id=np.arange(N) + 1)[["Id", "a", "b", "target"]]),
        {"identifier": ("Id",)},
    ),
    "shuffled_key.csv": (with_column(customer_id=HIDDEN * 17), {"identifier": ("customer_id",)}),
    "codes.csv": (with_column(code=[f"P-{i:05d}" for i in HIDDEN]), {"identifier": ("code",)}),
    "beyond_64_bits.csv": (
        with_column(c=[str(10**30 + int(i)) for i in HIDDEN]), {"identifier": ("c",)},
    ),
    "constant.csv": (with_column(k=3), {"constant": ("k",)}),
    "constant_but_one.csv": (with_column(k=some([3] * N, 4, 119)), {"constant": ("k",)}),
    "rare_pixel.csv": (
        with_column(rare=some(some([0] * N, 1, 3), 255, 77)), {"constant": ("rare",)},
    ),
    "beyond_float32.csv": (with_column(c=some(B, "1e60", 4, 50)), {"extreme_value": ("c",)}),
    "far_away.csv": (with_column(c=some(B, "5e7", 4)), {"extreme_value": ("c",)}),
    "imbalance.csv": (
        of_classes(some([0] * N, 1, 9, 40, 77, 101)), {"imbalance": ("target",)},
    ),
    "rare_class.csv": (
        of_classes(some(np.where(CLASSES, "x", "y"), "z", 60)), {"rare_class": ("target",)},
    ),
    "copy.csv": (with_column(a2=FRAME["a"]), {"duplicate_columns": ("a", "a2")}),
    "inches.csv": (with_column(a2=FRAME["a"] * 2.54 + 1), {"duplicate_columns": ("a", "a2")}),
    "renamed_levels.csv": (
        with_column(colour=LEVELS, farbe=[{"red": "rot", "green": "grün"}.get(x, "blau")
                                          for x in LEVELS]),
        {"duplicate_columns": ("colour", "farbe")},
    ),
    "leak.csv": (with_column(c=FRAME["target"]), {"target_leak": ("c",)}),
    "leak_in_other_units.csv": (with_column(c=FRAME["target"] * 1.8 + 32), {"target_leak": ("c",)}),
    "leak_rounded.csv": (with_column(c=FRAME["target"].round(0)), {"target_leak": ("c",)}),
    "leak_of_its_band.csv": (
        with_column(c=np.where(Y > 1, "high", np.where(Y > 0, "mid", "low"))),
        {"target_leak": ("c",)},
    ),
    "class_renamed.csv": (
        of_classes(CLASSES, found=np.where(CLASSES, "ill", "well")), {"target_leak": ("found",)},
    ),
    "duplicate_rows.csv": (csv(pd.concat([FRAME[:40]] * 3)), {"duplicate_rows": ()}),
    "sentinel.csv": (with_column(c=some(B.round(4), -999)), {"sentinel": ("c",)}),
    "sentinel_9999.csv": (
        with_column(c=some((B * 10 + 500).round(1), 9999)), {"sentinel": ("c",)},
    ),
    "zero_for_missing.csv": (
        with_column(c=some((B * 5 + 60).round(1), 0)), {"sentinel": ("c",)},
    ),
    "minus_one.csv": (
        with_column(c=some((20 + 50 * RNG.random(N)).astype(int), -1)), {"sentinel": ("c",)},
    ),
    "sorted_by_class.csv": (
        csv(FRAME.assign(target=CLASSES).sort_values("target")), {"row_order": ("target",)},
    ),
    "groups.csv": (
        csv(pd.DataFrame({"patient": PATIENT, "hr": 70 + PATIENT + A, "sick": PATIENT % 2})),
        {"group_suspected": ("patient",)},
    ),
    "groups_without_a_name.csv": (
        csv(pd.DataFrame({"m": (PATIENT * 7) % 12, "x": PATIENT * 5 % 12 + 0.1 * A, "target": Y})),
        {"group_suspected": ("m",)},
    ),
    "series.csv": (
        csv(pd.DataFrame({"timestamp": HOURS, "load": WALK})), {"row_order": ("timestamp",)},
    ),
    "random_walk.csv": (
        csv(pd.DataFrame({"t": np.arange(N), "target": WALK})), {"row_order": ("t",)},
    ),
    "walk_without_time.csv": (
        csv(pd.DataFrame({"a": A, "target": WALK})), {"row_order": ("target",)},
    ),
    "titanic.csv": (
        csv(pd.DataFrame({"Id": np.arange(N) + 1, "Sex": np.where(A > 0, "male", "female"),
                          "Age": some((30 + 9 * B).round(1), None),
                          "Survived": CLASSES})),
        {"identifier": ("Id",)},
    ),
    "census.csv": (csv(CENSUS), {"duplicate_rows": ()}),
}  # fmt: skip

REFUSED: dict[str, tuple[bytes, str]] = {
    "two_columns_of_one_name.csv": (text().replace("a,b", "a,a", 1).encode(), "share a name: 'a'"),
    "infinite.csv": (with_column(c=some(B, "inf", 3)), r"infinite values.*'c' \(1\)"),
    "huge_target.csv": (of_classes(some(Y, 1e45, 5)), "beyond 32-bit floats.*row 6"),
    "censored.csv": (of_classes(some(FRAME["target"], "<1.0", 0)), r"row 2: '<1\.0'"),
    "no_header.csv": (csv(header=False), "header row is missing"),
    "tiny.csv": (csv(FRAME[:12]), "has 12 rows; at least 20"),
    "empty.csv": (b"", "is empty"),
    "header_only.csv": (b"a,b,target\n", "has 0 rows"),
    "index.csv": (FRAME.to_csv().encode(), "column 1 of .* has no name.*index=False"),
    "all_constant.csv": (csv(FRAME.assign(a=1, b=2)), "no feature to learn from"),
    "one_class.csv": (of_classes([" yes ", "yes"] * 60), "is 'yes' in every row"),
    "huge_whole_target.csv": (
        of_classes([str(10**30 + i) for i in range(N)]), "beyond 64 bits",
    ),
    "nul_bytes.csv": (csv()[:40] + b"\0" + csv()[40:], "line 3 of .* holds NUL bytes"),
    "open_quote.csv": (b"a,b,target\n" + b'"1,2,3\n' * 60, "a quote is opened at line 2"),
    "ragged.csv": (csv() + b"1,2,3,4,5\n", "line 122 of .* has 5 values and not 3"),
    "short_row.csv": (csv() + b"1,2\n", "line 122 of .* has 2 values and not 3"),
    "one_column.csv": (csv(FRAME[["a"]]), "has one column"),
    "no_zip.csv.gz": (b"plain", "cannot read"),
    "no_workbook.xlsx": (b"plain", "cannot read .* as an Excel workbook"),
    "no_parquet.parquet": (b"plain", "cannot read .* as Parquet"),
    "no_table.json": (b'{"a": 1}', "holds no table"),
    "no_json.json": (b"a,b", "cannot read .* as JSON"),
    "no_arff.arff": (b"plain", "cannot read .* as ARFF"),
    "no_feather.feather": (b"plain", "cannot read .* as Feather"),
    "many_words.csv": (of_classes([f"name {i}" for i in range(N)]), "different values"),
    "a_cube.npy": (npz(X=A)[:10], "cannot read"),
}  # fmt: skip
