"""Further tables as people have them: odder dialects, formats, targets and leaks.

``GOOD`` are understood in silence, ``WARNED`` with warnings of certain kinds, ``REFUSED`` with a
sentence, as in ``tables_as_people_have_them``.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import numpy as np
import pandas as pd

from tests.support.tables_as_people_have_them import (
    CLASSES,
    FRAME,
    HIDDEN,
    LEVELS,
    A,
    B,
    N,
    Y,
    csv,
    npz,
    of_classes,
    some,
    text,
    with_column,
)

RNG = np.random.default_rng(23)
NUMBER = {"a": "number"}
DAYS = pd.Timestamp("2021-01-01") + pd.to_timedelta(HIDDEN, unit="D")
ARFF = (
    "% of Weka\n@relation rows\n@attribute 'sepal length' numeric\n"
    "@attribute colour {red,'dark blue'}\n@attribute note string\n@attribute class {x,y,z}\n@data\n"
)


def lines(change: object) -> bytes:
    """The base table with each row's text changed; the header stays."""
    head, *rows = text().splitlines()
    return "\n".join([head, *(change(row) for row in rows)]).encode()  # type: ignore[operator]


def workbook(**settings: object) -> bytes:
    stream = io.BytesIO()
    with pd.ExcelWriter(stream) as writer:
        pd.DataFrame({"about": ["nothing"]}).to_excel(writer, sheet_name="notes", index=False)
        FRAME.to_excel(writer, sheet_name="data", index=False)
    return stream.getvalue()


def titled() -> bytes:
    stream = io.BytesIO()
    with pd.ExcelWriter(stream) as writer:
        FRAME.to_excel(writer, startrow=3, startcol=2, index=False)
        writer.sheets["Sheet1"]["A1"] = "My measurements"
    return stream.getvalue()


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def whole_matrix() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.column_stack([A, B, RNG.integers(0, 3, N)]))
    return stream.getvalue()


GOOD: dict[str, tuple[bytes, dict[str, str], int]] = {
    "minus_of_typographers.csv": (text().replace("-", "\u2212").encode(), NUMBER, 2),
    "old_mac.csv": (text().replace("\n", "\r").encode(), NUMBER, 2),
    "mixed_ends.csv": (text().replace("\n", "\r\n", 40).encode(), NUMBER, 2),
    "wide_without_mark.csv": (text().encode("utf-16-le"), NUMBER, 2),
    "comments_between.csv": (text().replace("\n", "\n# restart\n", 3).encode(), NUMBER, 2),
    "comment_sign_in_a_cell.csv": (
        b"# by hand\n" + with_column(colour=[f"#{x}" if x == "red" else x for x in LEVELS]),
        {"colour": "category"}, 5,
    ),
    "single_quotes.csv": (lines(lambda row: "'" + row.replace(",", "','") + "'"), NUMBER, 2),
    "two_empty_ends.csv": (text().replace("\n", ",,\n").encode(), NUMBER, 2),
    "padded_title.csv": (b"Results of 2024;;\n" + csv(sep=";"), NUMBER, 2),
    "comma_or_thousand.csv": (
        csv(FRAME.assign(a=[f"{a:.3f}".replace(".", ",") for a in A]), sep=";"), NUMBER, 2,
    ),
    "german_thousands.csv": (
        csv(FRAME.assign(a=[f"{1000 + 900 * a:,.2f}".translate(str.maketrans(",.", ".,"))
                            for a in A]), sep=";", decimal=","),
        NUMBER, 2,
    ),
    "unit_in_cells.csv": (with_column(c=[f"{b:.2f} cm" for b in B]), {"c": "number"}, 3),
    "scientific.csv": (with_column(c=[f"{b:.0e}" for b in B]), {"c": "number"}, 3),
    "codes_with_zeros.csv": (
        with_column(zone=[f"00{i}" for i in RNG.integers(1, 6, N)]), {"zone": "category"}, 7,
    ),
    "compact_dates.csv": (with_column(c=DAYS.strftime("%Y%m%d")), {"c": "date"}, 5),
    "clock.csv": (with_column(c=[f"{i % 24:02d}:{i % 60:02d}" for i in HIDDEN]), {"c": "date"}, 4),
    "level_none.csv": (
        with_column(c=np.array(["None", "Brick", "Stone"])[RNG.integers(3, size=N)]),
        {"c": "category"}, 5,
    ),
    "none_among_numbers.csv": (with_column(c=some(B.round(3), "None")), {"c": "number"}, 4),
    "small_counts.csv": (with_column(c=RNG.integers(0, 6, N)), {"c": "number"}, 3),
    "two_floats.csv": (of_classes(CLASSES + 1.0), NUMBER, 2),
    "floats_in_few_steps.csv": (of_classes(RNG.integers(1, 4, N) / 2), NUMBER, 2),
    "by_row.json": (json.dumps(FRAME.to_dict("index")).encode(), NUMBER, 2),
    "with_schema.json": (FRAME.to_json(orient="table").encode(), NUMBER, 2),
    "kaggle.zip": (zipped(**{"rows.tsv": csv(sep="\t"), "__MACOSX/._rows.tsv": b"x"}), NUMBER, 2),
    "titled.xlsx": (titled(), NUMBER, 2),
    "small_letters.npz": (npz(x=FRAME[["a", "b"]], y=Y), {"x0": "number"}, 2),
    "split_already.npz": (
        npz(x_train=FRAME[["a", "b"]][:90], y_train=Y[:90], x_test=FRAME[["a", "b"]][90:],
            y_test=Y[90:]),
        {"x0": "number"}, 2,
    ),
    "matrix.npy": (whole_matrix(), {"x0": "number"}, 2),
    "pairs.arff": (
        ("@relation r\n@attribute a real\n@attribute b real\n@attribute class {x,y}\n@data\n"
         + "".join(f"{{0 {a:.3f}{f', 1 {b:.3f}' if i % 2 else ''}{', 2 y' if c else ''}}}\n"
                   for i, (a, b, c) in enumerate(zip(A, B, RNG.permutation(CLASSES), strict=True)))
         ).encode(),
        NUMBER, 2,
    ),
}  # fmt: skip

WARNED: dict[str, tuple[bytes, dict[str, tuple[str, ...]]]] = {
    "strings.arff": (
        (ARFF + "".join(f"{a:.3f},{['red', chr(39) + 'dark blue' + chr(39)][i % 2]},'n{i},o',"
                        f"{'xyz'[i % 3]}\n" for i, a in enumerate(A))).encode(),
        {"identifier": ("note",)},
    ),
    "nearly_the_answer.csv": (
        of_classes(CLASSES, c=some(CLASSES, 1 - int(CLASSES[7]), 7)), {"target_leak": ("c",)},
    ),
    "code_of_the_class.csv": (
        of_classes(CLASSES, c=10 * CLASSES + RNG.integers(0, 4, N)), {"target_leak": ("c",)},
    ),
    "score_of_the_class.csv": (
        of_classes(CLASSES, c=(10 * CLASSES + B).round(3)), {"target_leak": ("c",)},
    ),
    "absent_with_the_class.csv": (
        of_classes(CLASSES, c=np.where(CLASSES, B.round(3), np.nan)),
        {"target_leak": ("c",)},
    ),
    "all_beyond_float32.csv": (with_column(c=B * 1e60), {"extreme_value": ("c",)}),
    "two_sentinels.csv": (
        with_column(c=some(some(B.round(4), -999, *range(0, N, 9)), -998, *range(1, N, 9))),
        {"sentinel": ("c",)},
    ),
    "one_sentinel.csv": (with_column(c=some(B.round(4), -9999, 17)), {"sentinel": ("c",)}),
    "sentinel_as_class.csv": (
        of_classes(np.where(np.arange(N) % 9 == 4, -999, HIDDEN % 2)), {"sentinel": ("target",)},
    ),
    "empty_column.csv": (with_column(c=[""] * N), {"constant": ("c",)}),
    "nearly_empty.csv": (with_column(c=some([None] * N, 3.5, 5, 9)), {"constant": ("c",)}),
}  # fmt: skip

REFUSED: dict[str, tuple[bytes, str]] = {
    "iris_without_header.csv": (
        csv(FRAME.assign(target=LEVELS), header=False), "looks like the rows below it",
    ),
    "words_without_header.data": (
        csv(pd.DataFrame({"a": LEVELS, "b": RNG.integers(0, 9, N), "c": LEVELS[HIDDEN]}),
            header=False),
        "header row is missing",
    ),
    "row_names_of_r.csv": (
        text().split("\n", 1)[0].encode() + b"\n" + "".join(
            f'"{i}",{row}\n' for i, row in enumerate(text().splitlines()[1:])).encode(),
        "first column, '0' and so on, has no name",
    ),
    "printed_frame.txt": (FRAME.to_string().encode(), "first column, '0' and so on, has no name"),
    "line_of_units.csv": (
        text().replace("\n", "\nmm,kg,K\n", 1).encode(), "row 2 holds 'mm', 'kg', 'K'.*units",
    ),
    "word_in_a_third.csv": (
        with_column(c=some(B.round(3), "not measured", *range(0, N, 3))),
        "'not measured'.*--missing",
    ),
    "blank_is_a_class.csv": (
        of_classes(np.where(CLASSES, "fraud", "")), "rows are empty.*give it another word",
    ),
    "date_to_predict.csv": (of_classes(DAYS.strftime("%Y-%m-%d")), "no date can be predicted"),
    "packed.csv": (gzip.compress(csv()), "holds a gzip file"),
    "book.csv": (workbook(), "holds an Excel workbook"),
    "rows.csv": (FRAME.to_json(orient="records").encode(), "holds JSON"),
    "page.csv": (b"<!DOCTYPE html><table></table>", "holds HTML"),
    "two.zip": (zipped(**{"a.csv": csv(), "b.csv": csv()}), "holds 2 files .*'b.csv'"),
    "notes_first.xlsx": (workbook(), "--sheet: 'data'"),
    "uneven.npz": (
        npz(X_train=FRAME[["a", "b"]], y_train=Y, X_test=FRAME[["a"]], y_test=Y), "must be alike",
    ),
}  # fmt: skip
