"""Writes a plan as C99: one header and one source, without a heap and without a dependency."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from importlib import resources

import numpy as np

from frontier_search.data.dataset import Task
from frontier_search.export import functions
from frontier_search.export.operation import Names, Words, literal
from frontier_search.export.plan import Plan

WIDTH = 96  # characters of a line of numbers

HEADER = """\
/* {title}

   A row of {row} in, {o} out. No heap, no dependency, no variable that outlives a call.
   Two models can be linked into one program: every name begins with {prefix}_. */
#ifndef {guard}_H
#define {guard}_H

#define {guard}_INPUTS {d}
#define {guard}_OUTPUTS {o}

#ifdef __cplusplus
extern "C" {{
#endif

/* {meaning} */
void {prefix}_outputs(const float *x, float *y);
{more}
#ifdef __cplusplus
}}
#endif

#endif
"""

APART = """\
#ifdef __GNUC__ /* a function is compiled once and not into each of its callers: that is smaller */
#define {prefix}_APART __attribute__((noinline))
#else
#define {prefix}_APART
#endif
#ifdef __GNUC__ /* a loop of one or two turns stays a loop: that is smaller */
#define {prefix}_KEEP(i) __asm__("" : "+r"(i))
#else
#define {prefix}_KEEP(i) (void)(i)
#endif
#ifdef __thumb2__ /* a pointer steps as it is read: that is smaller and quicker than an index */
#define {prefix}_STEP(p) {prefix}_KEEP(p)
#else
#define {prefix}_STEP(p)
#endif
#if defined __FLASH && !defined __STRICT_ANSI__ /* AVR with gnu99: constants stay in flash */
#define {prefix}_FLASH __flash
#else
#define {prefix}_FLASH
#endif
"""


MEANING: Mapping[Task, str] = {
    "regression": "x: a row. y: the number",
    "binary": "x: a row. y: the logit, which is above 0 for the second class",
    "multiclass": "x: a row. y: a logit for each class; the largest one's class is the answer",
}
PROBABILITIES = """
/* Turns logits into probabilities, in place. A program that does not call it does not hold it. */
void {prefix}_probabilities(float *y);
"""
LOGISTIC = """\
void {prefix}_probabilities(float *y)
{{
    y[0] = {prefix}_sigmoid(y[0]);
}}
"""
SOFTMAX = """\
void {prefix}_probabilities(float *y)
{{
    {prefix}_softmax(y, {o});
}}
"""


def row_of(plan: Plan, sequence: tuple[int, int] | None = None) -> str:
    """Returns what a row of inputs is, in words.

    Args:
        sequence: (steps, numbers of a step) of a row that is one.
    """
    found = f"{plan.n_inputs} numbers"
    return found if sequence is None else f"{found}, {sequence[0]} steps of {sequence[1]}"


def header(
    plan: Plan,
    prefix: str,
    title: str,
    task: Task,
    raw: str = "",
    sequence: tuple[int, int] | None = None,
) -> str:
    """Returns the header.

    Args:
        raw: what it declares for raw rows, see ``export.raw``.
        sequence: as of ``row_of``.
    """
    return HEADER.format(
        title=title,
        row=row_of(plan, sequence),
        d=plan.n_inputs,
        o=plan.n_outputs,
        prefix=prefix,
        guard=prefix.upper(),
        meaning=MEANING[task],
        more=("" if task == "regression" else PROBABILITIES.format(prefix=prefix)) + raw,
    )


def source(plan: Plan, prefix: str, task: Task) -> str:
    """Returns the source: the constants, the functions that the plan calls, and the model."""
    names = Names(prefix)
    model = body(plan, names, f"{prefix}_outputs", f"{prefix}_constants")
    scalars = [literal(value) for value in plan.scalars()]
    parts = [f'#include <stdint.h>\n#include "{prefix}.h"\n', APART.format(prefix=prefix)]
    if scalars:
        kind = f"static {names.constant('float')} {prefix}_constants[{len(scalars)}]"
        parts.append(array(kind, scalars))
    parts += [table(content, names) for content in names.tables]
    parts += [runtime(name, prefix) for name in plan.functions]
    parts.append(model)
    return "\n".join([*parts, *probabilities(prefix, task, plan.n_outputs, plan.functions)])


def probabilities(
    prefix: str, task: Task, n_outputs: int, written: Sequence[str] = ()
) -> list[str]:
    """Returns the C that turns logits into probabilities; nothing for a regression.

    Args:
        written: the functions that the source has already.
    """
    if task == "regression":
        return []
    last, text = ("sigmoid", LOGISTIC) if task == "binary" else ("softmax", SOFTMAX)
    parts = [runtime(name, prefix) for name in ("exp", last) if name not in written]
    return [*parts, text.format(prefix=prefix, o=n_outputs)]


def body(plan: Plan, names: Names, function: str, constants: str) -> str:
    """Returns the C function of a model, which calls those of ``runtime/``."""
    lines = plan.statements(names)
    blocks = [f"float {name}[{size}];" for name, size in plan.blocks.items()]
    start, end = (
        ([f"{names.constant('float')} *w = {constants};", ""], ["(void)w;"])
        if len(plan.scalars())
        else ([], [])
    )
    inner = "\n".join(f"    {line}".rstrip() for line in [*blocks, *start, *lines, *end])
    return f"void {function}(const float *x, float *y)\n{{\n{inner}\n}}\n"


@functools.lru_cache(maxsize=64)
def _template(name: str) -> str:
    text = resources.files("frontier_search.export").joinpath("runtime", f"{name}.c").read_text()
    for mark, value in _CONSTANTS.items():
        text = text.replace(f"@{mark}@", value)
    return text


def runtime(name: str, prefix: str) -> str:
    """Returns the C of one function of ``runtime/``."""
    return _template(name).replace("P_", f"{prefix}_")


def table(content: bytes, names: Names) -> str:
    """Returns a table of bytes, or of words."""
    name = names.table(content)
    if isinstance(content, Words):
        words = np.frombuffer(content, "<u4")
        kind = f"static {names.constant('uint32_t')} {name}[{len(words)}]"
        return array(kind, [f"{w}u" for w in words])
    kind = f"static {names.constant('uint8_t')} {name}[{len(content)}]"
    return array(kind, [str(byte) for byte in content])


def array(declaration: str, values: list[str]) -> str:
    """Returns the definition of an array."""
    lines, line = [], "   "
    for value in values:
        if len(line) + len(value) + 2 > WIDTH:
            lines.append(line)
            line = "   "
        line += f" {value},"
    return "\n".join([f"{declaration} = {{", *lines, line, "};", ""])


def _named(prefix: str, values: tuple[np.float32, ...]) -> dict[str, str]:
    return {f"{prefix}{i}": literal(value) for i, value in enumerate(values)}


_CONSTANTS = {
    "TANH_ERROR": f"{functions.TANH_ERROR:g}",
    "TANH_END": literal(functions.TANH_END),
    **_named("TANH_P", functions.TANH_P),
    **_named("TANH_Q", functions.TANH_Q),
    "EXP_ERROR": f"{functions.EXP_ERROR:g}",
    "SIGMOID_ERROR": f"{functions.SIGMOID_ERROR:g}",
    "SOFTMAX_ERROR": f"{functions.SOFTMAX_ERROR:g}",
    "EXP_LOW": literal(functions.EXP_ENDS[0]),
    "EXP_HIGH": literal(functions.EXP_ENDS[1]),
    "LOG2_E": literal(functions.LOG2_E),
    "LN2_HIGH": literal(functions.LN2_HIGH),
    "LN2_LOW": literal(functions.LN2_LOW),
    **_named("EXP", functions.EXP_POLYNOMIAL),
}
