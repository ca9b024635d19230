"""What a user says of a table: each a flag of ``run``, and a key of a search's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from frontier_search.data.dataset import Task
from frontier_search.files import sha256_of
from frontier_search.spec import SpecValues

RULES = 4  # of this version: how a table is understood. 1: numeric columns only, as version 0.1
# did. 2: no units, codes with leading zeros, compact dates, clocks, or class named None. 3: empty
# rows are rows, classes that differ in spaces are two, and a wrong byte changes the encoding
ROW_ORDER = "row-order"  # as ``time``: the rows are in the order of time

Rare = Literal["drop", "merge"]
ClassWeight = Literal["balanced"]


@dataclass(frozen=True)
class TableOptions:
    """What is said of a table; everything else is found.

    Attributes:
        target: names of the columns to predict.
        task: regression, binary or multiclass.
        drop: columns to leave out.
        keep: columns to use although they look like identifiers, texts or copies.
        group: the column whose equal values stay in one part of a split.
        time: the column by which splits go forward, or ``row-order``.
        sequence: the column that says to which sequence a step belongs; a row is a sequence.
        window: steps of a window of one series; a row is a window.
        ahead: how many steps behind a window its target lies.
        split: the column that says which part a row belongs to.
        test_file, val_file: absolute paths of files that hold the test and validation rows of a
            split that exists.
        test_sha256, val_sha256: their digests when the search was defined; None where an
            earlier version defined it.
        weight: the column of row weights.
        class_weight: ``balanced``: every class weighs the same in training.
        rare: what becomes of classes with too few rows.
        missing: texts that stand for a missing value; ``COLUMN=TEXT`` for one column.
        strict: whether warnings are mistakes.
        separator, decimal, thousands, encoding, comment, header, sheet: how a file is written, see
            ``formats``.
        rules: the version of the rules by which a table is understood.
    """

    target: tuple[str, ...] = ()
    task: Task | None = None
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    split: str | None = None
    test_file: str | None = None
    val_file: str | None = None
    test_sha256: str | None = None
    val_sha256: str | None = None
    weight: str | None = None
    class_weight: ClassWeight | None = None
    rare: Rare | None = None
    missing: tuple[str, ...] = ()
    strict: bool = False
    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    comment: str | None = None
    header: Literal["yes", "no"] | None = None
    sheet: str | None = None
    sequence: str | None = None
    window: int | None = None
    ahead: int | None = None
    rules: int = RULES

    def given(self) -> dict[str, Any]:
        """Returns what was said, without defaults: the keys of a search's file."""
        said = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name != "rules" and getattr(self, each.name) != each.default
        }
        return {key: list(value) if isinstance(value, tuple) else value
                for key, value in said.items()}  # fmt: skip

    def with_digests(self) -> TableOptions:
        """Returns these options with the digest of every file of a split that exists.

        A file that is not there has none: who reads it says so.
        """
        found: dict[str, Any] = {
            DIGESTS[key]: sha256_of(Path(given))
            for key in FILES
            if (given := getattr(self, key)) is not None and Path(given).is_file()
        }
        return replace(self, **found)

    def changed_file(self) -> str | None:
        """Returns the first file of a split that has gone or has another digest than it had."""
        for key in FILES:
            given, digest = getattr(self, key), getattr(self, DIGESTS[key])
            if digest is not None and not (
                Path(given).is_file() and sha256_of(Path(given)) == digest
            ):
                return str(given)
        return None

    def missing_in(self, column: str) -> tuple[str, ...]:
        """Returns the texts that stand for a missing value in a column."""
        of_all = tuple(text for text in self.missing if "=" not in text.strip("=<>"))
        own = tuple(
            text.removeprefix(f"{column}=")
            for text in self.missing
            if text.startswith(f"{column}=")
        )
        return of_all + own

    @staticmethod
    def read(values: SpecValues) -> TableOptions:
        """Reads the keys of a search's file. Mistakes become sentences in ``values.problems``."""
        spec = values.spec
        read: dict[str, Any] = {
            "task": _one_of(values, "task", get_args(Task)),
            "class_weight": _one_of(values, "class_weight", get_args(ClassWeight)),
            "rare": _one_of(values, "rare", get_args(Rare)),
            "header": _one_of(values, "header", ("yes", "no")),
            "strict": bool(spec.get("strict", False)),
            "rules": values.whole("table_rules", RULES),
            "window": values.whole("window", 1) if "window" in spec else None,
            "ahead": values.whole("ahead", 0, low=0) if "ahead" in spec else None,
        }
        for key in ("target", "drop", "keep", "missing"):
            given = spec.get(key, ())
            read[key] = (
                tuple(str(each) for each in given)
                if isinstance(given, list | tuple)
                else (str(given),)
            )
        for key in TEXTS:
            read[key] = str(spec[key]) if key in spec else None
        for key in FILES:
            given = spec.get(key)
            read[key] = None if given is None else str(Path(str(given)).absolute())
        values.problems += _contradictions(read)
        if read["separator"] in ("tab", "\\t"):
            read["separator"] = "\t"
        return TableOptions(**read)


TEXTS = (
    "group", "time", "sequence", "split", "weight",
    "separator", "decimal", "thousands", "encoding", "comment", "sheet", "test_sha256",
    "val_sha256",
)  # fmt: skip
FILES = ("test_file", "val_file")
DIGESTS = {"test_file": "test_sha256", "val_file": "val_sha256"}
KEYS = (*(each.name for each in fields(TableOptions) if each.name != "rules"), "table_rules")


def _contradictions(read: Mapping[str, Any]) -> list[str]:
    """Returns a sentence where two keys say how rows are split."""
    if read["val_file"] is not None and read["test_file"] is None:
        return ["--val-file: give the test rows too, with --test-file."]
    keys = ["split", "group", *(["time"] if read.get("sequence") is None else [])]
    beside = [key for key in keys if read[key] is not None]
    if read["test_file"] is None or not beside:
        return []
    return [f"--test-file says how rows are split; leave out --{' and --'.join(beside)}."]


def _one_of(values: SpecValues, key: str, allowed: tuple[str, ...]) -> str | None:
    return values.one_of(key, allowed, allowed[0]) if key in values.spec else None


def flag(key: str) -> str:
    """Returns the flag of a key."""
    return f"--{key.replace('_', '-')}"


def of(given: Mapping[str, Any]) -> TableOptions:
    """Returns options by their keys; others are left out.

    Raises:
        SpecError: every mistake, each a sentence.
    """
    from frontier_search.errors import SpecError

    values = SpecValues({key: value for key, value in given.items() if key in KEYS}, KEYS)
    options = TableOptions.read(values)
    if values.problems:
        raise SpecError(values.problems)
    return options
