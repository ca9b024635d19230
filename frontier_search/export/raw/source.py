"""Writes the part of a header and of a source that takes raw rows, behind the model's own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from frontier_search.data.dataset import Task
from frontier_search.export import toolchain
from frontier_search.export.device import Device
from frontier_search.export.operation import literal
from frontier_search.export.raw import columns
from frontier_search.export.raw.columns import Tables, literal64, quoted
from frontier_search.export.raw.scale import narrow_target
from frontier_search.export.source import array
from frontier_search.table.preprocessing import Preprocessing

HEADER = """
/* A raw row: its columns as they are in the table. */
typedef struct {{
{members}
}} {prefix}_row;

/* Makes the inputs of the model of a raw row. */
void {prefix}_inputs(const {prefix}_row *row, float *x);
"""
CLASSES = """
/* The names of the classes. */
extern const char *const {prefix}_classes[{n}];

/* Returns the number of a raw row's class, and writes the probability of each class. */
int {prefix}_predict(const {prefix}_row *row, float *probabilities);
"""
NUMBERS = """
/* Writes {names} of a raw row, in the unit of the table. */
void {prefix}_predict(const {prefix}_row *row, {kind} *answers);
"""
WIDE = """\
#include <float.h>
#if DBL_MANT_DIG < 53
#error "raw rows need a double of 64 bits; delete what follows if your rows are scaled already"
#endif
"""
PREDICT_NUMBERS = """\
void {prefix}_predict(const {prefix}_row *row, {kind} *answers)
{{
    float x[{d}], y[{o}];
    {prefix}_inputs(row, x);
    {prefix}_outputs(x, y);
{lines}
}}
"""
PREDICT_ONE_OF_TWO = """\
int {prefix}_predict(const {prefix}_row *row, float *probabilities)
{{
    float x[{d}], y[1];
    {prefix}_inputs(row, x);
    {prefix}_outputs(x, y);
    int found = y[0] > 0.0f;
    {prefix}_probabilities(y);
    probabilities[0] = 1.0f - y[0];
    probabilities[1] = y[0];
    return found;
}}
"""
PREDICT_ONE_OF_MANY = """\
int {prefix}_predict(const {prefix}_row *row, float *probabilities)
{{
    float x[{d}];
    {prefix}_inputs(row, x);
    {prefix}_outputs(x, probabilities);
    int found = 0;
    for (int i = 1; i < {o}; i++)
        found = probabilities[i] > probabilities[found] ? i : found;
    {prefix}_probabilities(probabilities);
    return found;
}}
"""


def header(preprocessing: Preprocessing, prefix: str) -> str:
    """Returns what the header declares for raw rows.

    Args:
        preprocessing: as ``scale.narrowed`` gives it.
    """
    target, codings = preprocessing.target, preprocessing.codings
    members = "\n".join(
        f"    {columns.kind(each)}{name}; /* {columns.comment(each)} */"
        for each, name in zip(codings, columns.fields(preprocessing.columns), strict=True)
    )
    text = HEADER.format(members=members, prefix=prefix)
    if target.classes:
        return text + CLASSES.format(prefix=prefix, n=len(target.classes))
    names = ", ".join(target.names).replace("*/", "* /")
    return text + NUMBERS.format(names=names, prefix=prefix, kind=answer_kind(preprocessing))


def answer_kind(preprocessing: Preprocessing) -> str:
    """Returns the type of a regression's answers in C."""
    return "float" if narrow_target(preprocessing.target) else "double"


def wide(preprocessing: Preprocessing) -> list[str]:
    """Returns the names of the columns and of the answers whose numbers need 64 bits.

    Args:
        preprocessing: as ``scale.narrowed`` gives it.
    """
    found = [each.name for each in preprocessing.codings if columns.kind(each) == "double "]
    target = preprocessing.target
    needs = not target.classes and answer_kind(preprocessing) == "double"
    return [*found, *(target.names if needs else ())]


def refused(preprocessing: Preprocessing, device: Device) -> str:
    """Returns why a core cannot take raw rows, as part of a sentence; nothing if it can.

    Args:
        preprocessing: as ``scale.narrowed`` gives it.
    """
    found = [] if toolchain.of(device).double64 else wide(preprocessing)
    if not found:
        return ""
    names = ", ".join(map(repr, found))
    return f"raw rows need 64 bits for {names}, and a double has 32 on {device.name}"


def source(preprocessing: Preprocessing, prefix: str, task: Task) -> str:
    """Returns the tables and functions for raw rows.

    Args:
        preprocessing: as ``scale.narrowed`` gives it.
    """
    tables, lines, at = Tables(prefix), list[str](), 0
    names = columns.fields(preprocessing.columns)
    for each, name in zip(preprocessing.codings, names, strict=True):
        lines += columns.lines(each, name, at, tables)
        at += len(each.names)
    needed = [word for word in ("missing", "at") if any(f"{word} = " in line for line in lines)]
    declared = [f"int {', '.join(needed)};"] if needed else []
    inner = "\n".join(f"    {line}" for line in [*declared, *lines])
    return "\n".join(
        [
            "/* ---- raw rows */\n",
            *([WIDE] if wide(preprocessing) else []),
            *_tables(tables),
            *(_runtime(name, prefix) for name in columns.functions(preprocessing.codings)),
            f"void {prefix}_inputs(const {prefix}_row *row, float *x)\n{{\n{inner}\n}}\n",
            _predict(preprocessing, prefix, task),
        ]
    )


def _tables(tables: Tables) -> list[str]:
    name, values = f"{tables.prefix}_scales", tables.scales
    scales = [array(f"static const float {name}[{len(values)}]", values)] if values else []
    return scales + [
        f"static const char {tables.prefix}_levels{number}[] ={texts};\n"
        for number, texts in enumerate(tables.levels)
    ]


def _runtime(name: str, prefix: str) -> str:
    folder = resources.files("frontier_search.export").joinpath("raw", "runtime")
    return folder.joinpath(f"{name}.c").read_text().replace("P_", f"{prefix}_")


def _predict(preprocessing: Preprocessing, prefix: str, task: Task) -> str:
    target, words = preprocessing.target, {"prefix": prefix, "d": preprocessing.width}
    if target.classes:
        names: Sequence[str] = [quoted(str(each)) for each in target.classes]
        listed = array(f"const char *const {prefix}_classes[{len(names)}]", list(names))
        form = PREDICT_ONE_OF_TWO if task == "binary" else PREDICT_ONE_OF_MANY
        return f"{listed}\n{form.format(**words, o=len(names))}"
    kind = answer_kind(preprocessing)
    form_of = literal if kind == "float" else literal64  # the product is float32 in either
    lines = "\n".join(
        f"    answers[{i}] = y[{i}] * {literal(scale)} + {form_of(centre)};"
        for i, (scale, centre) in enumerate(zip(target.scale, target.centre, strict=True))
    )
    return PREDICT_NUMBERS.format(**words, o=len(target.names), kind=kind, lines=lines)
