"""Still odder tables: numbers and dates written for people, contradictions, and other formats.

``GOOD`` are understood in silence, ``WARNED`` with warnings of certain kinds, ``REFUSED`` with a
sentence, as in ``tables_as_people_have_them``.
"""

from __future__ import annotations

import datetime
import decimal
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from tests.support.odd_tables import DAYS
from tests.support.tables_as_people_have_them import (
    CLASSES,
    FRAME,
    HIDDEN,
    A,
    B,
    N,
    csv,
    of_classes,
    some,
    text,
    with_column,
)

RNG = np.random.default_rng(29)
NUMBER = {"a": "number"}
WORDS = np.where(CLASSES, "yes", "no")
ROWS = FRAME.to_dict("records")
COUNTS = np.random.default_rng(37).integers(0, 400, (2, N))
PARTS = np.random.default_rng(41).normal(size=N)
MONEY = np.random.default_rng(31).uniform(1, 900, N)


def of_arrow(**columns: pa.Array) -> bytes:
    """The base table with further columns before the target, as Parquet."""
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    for name, column in columns.items():
        table = table.add_column(2, name, column)
    stream = io.BytesIO()
    parquet.write_table(table, stream)
    return stream.getvalue()


def headed() -> bytes:
    """A sheet whose header has a row above it with a word for two columns."""
    stream = io.BytesIO()
    with pd.ExcelWriter(stream) as writer:
        FRAME.to_excel(writer, startrow=1, index=False)
        sheet = writer.sheets["Sheet1"]
        sheet["A1"], sheet["C1"] = "features", "outcome"
        sheet.merge_cells("A1:B1")
    return stream.getvalue()


def drawn() -> bytes:
    rows = "\n".join(f"| {a} | {b} | {word} |" for a, b, word in zip(A, B, WORDS, strict=True))
    return f"| a | b | target |\n|---|---|---|\n{rows}\n".encode()


GOOD: dict[str, tuple[bytes, dict[str, str], int]] = {
    "header_behind_a_sign.csv": (b"#" + of_classes(WORDS), NUMBER, 2),
    "header_ends_with_a_separator.csv": (text().replace("\n", ",\n", 1).encode(), NUMBER, 2),
    "end_of_dos.csv": (csv() + b"\x1a", NUMBER, 2),
    "empty_rows.csv": (
        (text().replace("\n", '\n,,\n"","",\n , ,\t\n', 1) + ",,\n").encode(), NUMBER, 2,
    ),
    "name_with_a_mark.csv": ("\u200b".join(["", text()]).encode(), NUMBER, 2),
    "two_rows_of_names.xlsx": (headed(), NUMBER, 2),
    "described.json": (json.dumps({"meta": {"n": N}, "rows": ROWS}).encode(), NUMBER, 2),
    "wide.json": (json.dumps(ROWS).encode("utf-16"), NUMBER, 2),
    "quotes_of_both_kinds.arff": (
        ("@relation r\n@attribute a real\n@attribute c {low,'so so',high}\n"
         "@attribute d date 'yyyy-MM-dd'\n@attribute class {x,y}\n@data\n" + "".join(
             f"{A[i]:.3f},{['low', chr(39) + 'so so' + chr(39), 'high'][HIDDEN[i] % 3]},"
             f'"{DAYS[i]:%Y-%m-%d}",{"xy"[CLASSES[i]]}\n' for i in range(N))).encode(),
        {"a": "number", "c": "category", "d": "date"}, 7,
    ),
    "of_arrow.parquet": (
        of_arrow(
            c=pa.array([decimal.Decimal(f"{b:.2f}") for b in RNG.normal(size=N)]),
            d=pa.array(["uv"[i % 2] for i in HIDDEN]).dictionary_encode(),
            e=pa.array([datetime.time(i % 24, i % 60) for i in HIDDEN]),
        ),
        {"c": "number", "d": "category", "e": "date"}, 6,
    ),
    "classes_of_codes.csv": (of_classes(np.where(CLASSES, "species 1", "species 2")), NUMBER, 2),
    "nearly_a_sum.csv": (
        of_classes((MONEY - 200 * PARTS + 2 * PARTS[::-1]).round(2), c=MONEY.round(2), d=PARTS),
        NUMBER, 4,
    ),
    "phones.csv": (with_column(c=[f"+49 151 {1_000_000 + 71 * i}" for i in HIDDEN]), NUMBER, 2),
    "days_with_points.csv": (
        with_column(c=[f"{1 + i % 12:02d}.{1 + i % 11:02d}.2024" for i in HIDDEN]),
        {"c": "date"}, 5,
    ),
}  # fmt: skip

WARNED: dict[str, tuple[bytes, dict[str, tuple[str, ...]]]] = {
    "contradicted.csv": (
        csv(pd.concat([of := FRAME.assign(target=WORDS),
                       of[:9].assign(target=np.where(CLASSES[:9], "no", "yes"))])),
        {"contradiction": ("target",)},
    ),
    "measured_twice.csv": (
        csv(pd.concat([FRAME, FRAME[:30].assign(target=FRAME["target"][:30] + 0.25)])),
        {"contradiction": ("target",)},
    ),
    "month_or_day.csv": (
        with_column(c=[f"{1 + i % 12:02d}/{1 + i % 11:02d}/2024" for i in HIDDEN]),
        {"ambiguous": ("c",)},
    ),
    "share_or_percent.csv": (
        with_column(c=[f"{b:.1f}%" if i % 5 else f"{b / 100:.3f}" for i, b in enumerate(MONEY)]),
        {"ambiguous": ("c",)},
    ),
    "in_brackets.csv": (
        with_column(c=[f"({-b:.2f})" if b < 0 else f"{b:.2f}" for b in 99 * B]), {"unread": ("c",)},
    ),
    "two_currencies.csv": (
        with_column(c=[f"{'$€'[i % 2]}{b:.2f}" for i, b in enumerate(MONEY)]), {"unread": ("c",)},
    ),
    "word_of_a_currency.csv": (with_column(c=[f"USD {b:.2f}" for b in MONEY]), {"unread": ("c",)}),
    "thousands_and_millions.csv": (
        with_column(c=[f"{b:.1f}M" if i % 2 else f"{b:.0f}k" for i, b in enumerate(MONEY)]),
        {"unread": ("c",)},
    ),
    "lakhs.csv": (
        with_column(c=[f"1,{10 + i % 80},{100 + i}" for i in HIDDEN]), {"unread": ("c",)},
    ),
    "two_decimal_signs.csv": (
        with_column(c=[f"{b:.3f}".replace(".", ".," [i % 2]) for i, b in enumerate(B)]),
        {"unread": ("c",)},
    ),
    "formula_of_excel.csv": (with_column(c=[f'="{b:.3f}"' for b in B]), {"unread": ("c",)}),
    "feet_and_inches.csv": (
        with_column(c=[f"{5 + i % 2}'{i % 12}\"" for i in HIDDEN]), {"unread": ("c",)},
    ),
    "dates_in_many_ways.csv": (
        with_column(c=[f"2021-01-{1 + i % 28:02d}" if i % 2 else f"{1 + i % 28}/02/2021"
                       for i in HIDDEN]),
        {"unread": ("c",)},
    ),
    "day_first_and_short.csv": (with_column(c=DAYS.strftime("%d/%m/%y")), {"unread": ("c",)}),
    "dates_or_unknown.csv": (
        with_column(c=some(DAYS.strftime("%Y-%m-%d"), "unknown", *range(0, N, 20))),
        {"unread": ("c",)},
    ),
    "durations.parquet": (
        of_arrow(c=pa.array([datetime.timedelta(minutes=int(i)) for i in HIDDEN])),
        {"unread": ("c",)},
    ),
    "last_day_of_all.csv": (
        with_column(c=some(DAYS.strftime("%Y-%m-%d"), "9999-12-31")), {"sentinel": ("c",)},
    ),
    "code_among_grades.csv": (
        with_column(c=some(RNG.integers(1, 5, N), 999)), {"sentinel": ("c",)},
    ),
    "unknown_class.csv": (of_classes(some(WORDS, "Unknown")), {"sentinel": ("target",)}),
    "part_of_a_split.csv": (
        with_column(part=[["train", "train", "test"][i % 3] for i in HIDDEN]),
        {"split_suspected": ("part",)},
    ),
    "class_in_the_middle.csv": (
        csv(pd.DataFrame({"a": A, "class": WORDS, "b": B})), {"target_guessed": ("b", "class")},
    ),
    "species_first.csv": (
        csv(pd.DataFrame({"Species": WORDS, "a": A, "b": B})), {"target_guessed": ("b", "Species")},
    ),
    "a_wrong_byte.csv": (
        with_column(c=np.array(["Köln", "Zürich", "Genève"])[HIDDEN % 3])
        .replace("Köln".encode(), "Köln".encode("latin-1"), 1),
        {"wrong_byte": ("c",)},
    ),
    "parts_of_the_target.csv": (
        of_classes(COUNTS.sum(axis=0), casual=COUNTS[0], registered=COUNTS[1]),
        {"target_leak": ("casual", "registered")},
    ),
    "rounded_parts.csv": (
        of_classes(
            (0.19 * MONEY - 3 * PARTS + 5).round(2), c=MONEY.round(2), d=PARTS.round(2)
        ),
        {"target_leak": ("c", "d")},
    ),
    "totals_below.csv": (
        csv(pd.concat([FRAME, FRAME.sum().to_frame().T]).round(4)), {"total_row": ()},
    ),
    "hardly_other_classes.csv": (
        of_classes(some(some(["x"] * N, "y", 3, 50, 90), "z", 7, 60, 100)),
        {"rare_class": ("target",), "imbalance": ("target",)},
    ),
}  # fmt: skip

REFUSED: dict[str, tuple[bytes, str]] = {
    "lists.parquet": (
        of_arrow(v=pa.array([[1.0, 2.0]] * N)), "hold lists or objects: 'v'; give each value",
    ),
    "fields.parquet": (of_arrow(v=pa.array([{"x": 1.0}] * N)), "hold lists or objects: 'v'"),
    "pairs.parquet": (
        of_arrow(v=pa.array([[("k", 1)]] * N, pa.map_(pa.string(), pa.int32()))),
        "hold lists or objects: 'v'",
    ),
    "drawn.txt": (drawn(), "a table that is drawn with lines"),
    "svmlight.txt": (
        "".join(f"{2 * c - 1:+d} 1:{a} 2:{b}\n" for a, b, c in zip(A, B, CLASSES, strict=True))
        .encode(),
        "rows of svmlight .*as .npz",
    ),
    "joined.csv": (csv() + csv(), r"header .*\(a, b, target\) stands again among its rows"),
    "rows.xls": (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save it as .xlsx"),
    "rows.pkl": (b"\x80\x04", "a pickle runs code"),
    "rows.tgz": (b"\x1f\x8b", "an archive of files; unpack it"),
}  # fmt: skip
